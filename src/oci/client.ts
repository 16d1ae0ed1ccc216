import type { Descriptor } from './descriptor';
import type { Digest } from './digest';
import type { Repository, Tag } from './reference';
import type { RegistryTraits } from './registry-traits';

/** `absent`: it did not exist. `unsupported`: the registry does not support deletion. */
export type Removal = 'removed' | 'absent' | 'unsupported';

/** A manifest as the registry returned it; the bytes were verified against the digest. */
export interface FetchedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  /** For a conditional write of the same tag, if the registry returns one. */
  readonly etag?: string;
}

export interface PutManifestOptions {
  /** Write only if the tag still has this ETag (412 -> `REGISTRY_CONFLICT`). */
  readonly ifMatch?: string;
  /** Write only if the tag does not exist (412 -> `REGISTRY_CONFLICT`). */
  readonly ifNoneMatch?: '*';
}

export interface ReferrersOptions {
  /**
   * Accept "not found" without confirming it by a second read: for callers that read again before
   * they act on the result. Default: false.
   */
  readonly provisional?: boolean;
}

export interface TaskOptions {
  /** Do not use content that the run has cached: to check whether it still exists. */
  readonly bypassCache?: boolean;
}

/** A stored manifest with a `subject`, and where it is listed. */
export interface StoredReferrer {
  readonly descriptor: Descriptor;
  /** `tag`: read back from the fallback tag after the write. `api`: not read back. */
  readonly listedBy: 'api' | 'tag';
}

/** Writes one part of a blob. */
export type WritePart = (part: Buffer) => Promise<void>;

/**
 * The registry operations of this package (OCI distribution-spec 1.1). "Not found" is `undefined`; a
 * failed read is always an error (`REGISTRY_*`), never `undefined`.
 */
export interface RegistryClient {
  /** Resolves a tag or digest to a descriptor. `undefined`: the registry returned 404. */
  resolve(repository: Repository, target: Tag | Digest): Promise<Descriptor | undefined>;
  /** Fetches a manifest. Fails if the bytes do not have the requested digest. */
  getManifest(repository: Repository, target: Tag | Digest): Promise<FetchedManifest | undefined>;
  putManifest(
    repository: Repository,
    target: Tag | Digest,
    bytes: Buffer,
    mediaType: string,
    options?: PutManifestOptions,
  ): Promise<Descriptor>;
  /** Fetches a blob, verified against size and digest. `undefined`: the registry returned 404. */
  getBlob(repository: Repository, descriptor: Descriptor): Promise<Buffer | undefined>;
  /**
   * Fetches a blob of any size in parts, in order, and passes each to `write`. Its size and digest are verified after
   * the last part: until then the parts must not be used.
   *
   * @returns false if the registry returned 404
   */
  getBlobParts(repository: Repository, descriptor: Descriptor, write: WritePart): Promise<boolean>;
  /** Uploads a blob unless it is known to exist. Idempotent. */
  putBlob(repository: Repository, bytes: Buffer, mediaType: string): Promise<Descriptor>;
  /** Whether the repository has a blob, with this size. */
  hasBlob(repository: Repository, descriptor: Descriptor): Promise<boolean>;
  /** Mounts a blob of another repository of the same registry. @returns false if it must be transferred */
  mountBlob(repository: Repository, from: Repository, digest: Digest): Promise<boolean>;
  /**
   * Uploads a blob of any size in parts. It is committed only after `read` has returned, which verifies the content.
   *
   * @param read passes the parts to its argument, in order; false if the blob does not exist
   * @returns what `read` returned
   */
  putBlobParts(
    repository: Repository,
    digest: Digest,
    read: (write: WritePart) => Promise<boolean>,
  ): Promise<boolean>;
  /** Lists all referrers of a manifest by the referrers API or the fallback tag, unfiltered. */
  referrers(
    repository: Repository,
    subject: Digest,
    options?: ReferrersOptions,
  ): Promise<readonly Descriptor[]>;
  /**
   * Pushes a manifest that has a `subject`, and lists it in the fallback tag if the registry does not
   * support the referrers API.
   */
  putReferrer(
    repository: Repository,
    subject: Descriptor,
    bytes: Buffer,
    mediaType: string,
  ): Promise<StoredReferrer>;
  /** Deletes a manifest and all tags that point to it; its blobs remain. */
  removeManifest(repository: Repository, digest: Digest): Promise<Removal>;
  /** Deletes a manifest that has a `subject`, and removes it from the fallback tag. */
  removeReferrer(repository: Repository, subject: Digest, digest: Digest): Promise<Removal>;
  /** Lists all tags of a repository. */
  tags(repository: Repository): Promise<readonly Tag[]>;
  /**
   * Checks access without writing: `REGISTRY_UNAUTHORIZED`, `_FORBIDDEN`, `_PROTOCOL`...
   *
   * @param target a manifest to read
   * @returns the manifest; `undefined` if it does not exist or no target was given
   */
  checkAccess(
    repository: Repository,
    access: 'pull' | 'push',
    target?: Tag | Digest,
  ): Promise<FetchedManifest | undefined>;
  /** Returns the observed traits of the registry for this repository. */
  traits(repository: Repository): RegistryTraits;
  /**
   * Returns a client for one task (a verification, the signing of an image). All requests of the task
   * share the budget's `task` deadline, after which they fail with `REGISTRY_UNAVAILABLE`.
   */
  task(options?: TaskOptions): RegistryClient;
  /** Closes pooled connections. */
  close(): Promise<void>;
}
