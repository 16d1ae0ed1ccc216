import type { Digest } from '../oci/digest';
import type { Reference, Tag } from '../oci/reference';
import type { IgnoreConvention } from './ignore-file';

/** The builders that run a command line of this machine. */
export const COMMAND_BUILDERS = ['buildx', 'docker', 'podman', 'buildah'] as const;
export type CommandBuilderName = (typeof COMMAND_BUILDERS)[number];

export interface BuildRequest {
  /** Where to push; a tag may be given, none means that a unique one is used. */
  readonly reference: Reference;
  /** Path of the context folder, absolute. */
  readonly context: string;
  /** Path of the Dockerfile, absolute. */
  readonly dockerfile: string;
  /** Which ignore files count; default: docker's. */
  readonly ignoreFiles?: IgnoreConvention;
  readonly target?: string;
  readonly args: Readonly<Record<string, string>>;
  /** Build secrets by id. They are handed to the builder and to nobody else. */
  readonly secrets: Readonly<Record<string, string>>;
  /** `os/arch[/variant]`; empty for the builder's own. */
  readonly platforms: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  /** A named buildx builder. */
  readonly buildxBuilder?: string;
  /** Names of further variables that the builder's process receives. */
  readonly environment?: readonly string[];
  /** Further values that must not be shown in the output (arguments that were declared secret). */
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
  /** Plain http, or TLS that is not verified. */
  readonly insecure: boolean;
}

export interface BuildResult {
  /** What the builder says that it pushed: a claim until it was read back. */
  readonly digest: Digest;
  readonly builder: CommandBuilderName;
  /** The tag it was pushed under: the given one, or the unique one that was made for it. */
  readonly tag?: Tag;
  /** RFC 3339, UTC. */
  readonly startedOn: string;
  readonly finishedOn: string;
}

/** A line of a builder's own output. */
export type BuildLog = (line: string) => void;

export interface BuildOptions {
  /** Stops the build: its processes are ended and its temporary files removed. */
  readonly signal?: AbortSignal | undefined;
}

export interface Builder {
  readonly name: CommandBuilderName;
  /** Why it cannot be used for this request on this machine, or `undefined` if it can. */
  unavailable(request: BuildRequest): Promise<string | undefined>;
  /** @throws SignedImageError `BUILD_FAILED`, `BUILD_DIGEST_MISSING`, `CREDENTIALS_UNREADABLE` */
  build(request: BuildRequest, log: BuildLog, options?: BuildOptions): Promise<BuildResult>;
}
