import type { Digest } from '../oci/digest';
import type { Reference, Tag } from '../oci/reference';
import type { NamedContexts } from './named-contexts';
import type { IgnoreConvention } from './ignore-file';

/** The builders that run an installed command-line tool. */
export const COMMAND_BUILDERS = ['buildx', 'docker', 'podman', 'buildah'] as const;
export type CommandBuilderName = (typeof COMMAND_BUILDERS)[number];

/** One element of `build.ssh`; without paths it is the agent of `SSH_AUTH_SOCK`. */
export interface SshSource {
  readonly id: string;
  readonly paths: readonly string[];
}

export interface BuildRequest {
  /** The reference to push to. Without a tag a unique one is generated. */
  readonly reference: Reference;
  /** Path of the context folder, absolute. */
  readonly context: string;
  /** Path of the Dockerfile, absolute. */
  readonly dockerfile: string;
  /** The ignore files to read. Default: docker's. */
  readonly ignoreFiles?: IgnoreConvention;
  readonly target?: string;
  readonly args: Readonly<Record<string, string>>;
  /** Build secrets by id. They are passed only to the builder. */
  readonly secrets: Readonly<Record<string, string>>;
  /** `os/arch[/variant]`; empty for the builder's default. */
  readonly platforms: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly contexts?: NamedContexts;
  /** Resolve every base image in its registry. */
  readonly pull?: boolean;
  readonly noCache?: boolean;
  /** Default: the builder's own network. */
  readonly network?: 'none' | 'host';
  /** Host name to IP address. */
  readonly addHosts?: Readonly<Record<string, string>>;
  /** With absolute paths. */
  readonly ssh?: readonly SshSource[];
  /** Attach an SBOM attestation. */
  readonly sbom?: boolean;
  /** The name of a buildx builder. */
  readonly buildxBuilder?: string;
  /** Names of further environment variables for the builder's process. */
  readonly environment?: readonly string[];
  /** Further values to redact in the output (secret build arguments). */
  readonly sensitive?: readonly string[];
  readonly registry: BuildRegistryAccess;
}

export interface BuildRegistryAccess {
  readonly username?: string;
  readonly password?: string;
  readonly caFile?: string;
  /** PEM text, or the path of a PEM file. */
  readonly clientCertificate?: string;
  /** PEM text, or the path of a PEM file. A secret. */
  readonly clientKey?: string;
  /** Use plain http, or TLS without verification. */
  readonly insecure: boolean;
}

export interface PushedImage {
  /** The digest that the builder reported; a claim until the manifest is read back. */
  readonly digest: Digest;
  /** Ids of the images of this build, if the builder reports them: digests of their configs or manifests. */
  readonly imageIds?: readonly string[];
  /** The tag under which it was pushed, if not under that of the session. */
  readonly pushedTag?: Tag;
}

export interface BuildResult extends PushedImage {
  readonly builder: CommandBuilderName;
  /** The tag of the image: the given one, or the generated unique one. */
  readonly tag: Tag;
  /**
   * The unique tag under which the image was pushed, if it was not pushed under `tag`: that is set by
   * `setDeclaredTag`, after the check of the result.
   */
  readonly pushedTag?: Tag;
  /** RFC 3339, UTC. */
  readonly startedOn: string;
  readonly finishedOn: string;
}

/** Receives a line: of the builder's output, or a `note` of this package that concerns the user. */
export type BuildLog = (line: string, kind?: 'output' | 'note') => void;

export interface BuildOptions {
  /** Cancels the build: its processes are terminated and its temporary files removed. */
  readonly signal?: AbortSignal | undefined;
}

export interface Builder {
  readonly name: CommandBuilderName;
  /** Returns why the builder cannot be used for this request on this machine; `undefined` if it can. */
  unavailable(request: BuildRequest): Promise<string | undefined>;
  /** @throws SignedImageError `BUILD_FAILED`, `BUILD_DIGEST_MISSING`, `BUILD_RESULT_MISMATCH`, `CREDENTIALS_UNREADABLE` */
  build(request: BuildRequest, log: BuildLog, options?: BuildOptions): Promise<BuildResult>;
}
