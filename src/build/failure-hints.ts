/** What to do about a failure that a builder reports only in terms of its own. */
export interface FailureHint {
  /** Follows what failed, in one sentence. */
  readonly text: string;
  /** The input that causes it. Default: that of the step. */
  readonly property?: string;
}

const HINTS: readonly (FailureHint & { readonly output: RegExp })[] = [
  {
    // crun's error on a machine with cgroups of both versions, on which podman runs each step.
    output: /cgroups in hybrid mode not supported/,
    text:
      'its OCI runtime does not work with the cgroups of this machine; set the environment variable ' +
      '`BUILDAH_ISOLATION=chroot`, or `build.builder` to buildah',
  },
  {
    // https://docs.docker.com/reference/cli/docker/buildx/build/#allow
    output: /network\.host is not allowed/,
    property: 'build.network',
    text:
      'the daemon of this buildx builder does not allow steps to use the network of the host; start buildkitd with ' +
      '`--allow-insecure-entitlement network.host` (for `docker buildx create` in `--buildkitd-flags`), or remove `build.network`',
  },
];

/** Returns the hint for the last lines of a builder that failed. */
export function failureHint(tail: readonly string[]): FailureHint | undefined {
  return HINTS.find(({ output }) => tail.some((line) => output.test(line)));
}
