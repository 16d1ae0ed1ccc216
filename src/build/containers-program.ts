/** podman or buildah, which use the same libraries and nearly the same flags. */
export interface ContainersTool {
  readonly program: 'podman' | 'buildah';
  /** Flags before the subcommand. */
  readonly global: readonly string[];
  /** Further flags of `build`. */
  readonly build: readonly string[];
  /** Further flags of `pull`. */
  readonly pull: readonly string[];
  /** The subcommand that prints an image's config. */
  readonly inspect: readonly string[];
  /** The subcommand that removes a working container. */
  readonly removeContainer: readonly string[];
  /** Template for `info`: the folder of the storage, a space, and the name of its driver. */
  readonly storage: string;
}
