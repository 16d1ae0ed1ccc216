import type { Descriptor } from './descriptor';
import type { Digest } from './digest';
import type { Repository, Tag } from './reference';
import type { RegistryTraits } from './registry-traits';

/** `absent`: it was gone already. `unsupported`: the registry deletes nothing, whoever asks. */
export type Removal = 'removed' | 'absent' | 'unsupported';

/** A manifest as the registry returned it: the very bytes, already hashed and compared. */
export interface FetchedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  /** For a conditional write of the same tag, where the registry gives one. */
  readonly etag?: string;
}

export interface PutManifestOptions {
  /** Write only if the tag still holds what this ETag stood for (412 -> `REGISTRY_CONFLICT`). */
  readonly ifMatch?: string;
  /** Write only if there is no such tag yet (412 -> `REGISTRY_CONFLICT`). */
  readonly ifNoneMatch?: '*';
}

export interface ReferrersOptions {
  /**
   * Something that is not seen at the first look may be there all the same: enough for who will
   * look again before anything follows from it. Default: false.
   */
  readonly provisional?: boolean;
}

export interface TaskOptions {
  /** Read anew also what the run has read before: for who looks whether it is still there. */
  readonly anew?: boolean;
}

/** A manifest with a `subject` that was stored, and where the registry lists it. */
export interface StoredReferrer {
  readonly descriptor: Descriptor;
  /** `tag`: it was seen in the fallback tag after it was written there. `api`: it was not looked. */
  readonly listedBy: 'api' | 'tag';
}

/**
 * What this package does with a registry (OCI distribution-spec 1.1). "Not there" is `undefined`;
 * "could not look" is always an error (`REGISTRY_*`), never `undefined`.
 */
export interface RegistryClient {
  /** What a tag or digest stands for, without its bytes. `undefined`: the registry says 404. */
  resolve(repository: Repository, target: Tag | Digest): Promise<Descriptor | undefined>;
  /** The bytes of a manifest; asked for by digest, they have that digest or it is an error. */
  getManifest(repository: Repository, target: Tag | Digest): Promise<FetchedManifest | undefined>;
  putManifest(
    repository: Repository,
    target: Tag | Digest,
    bytes: Buffer,
    mediaType: string,
    options?: PutManifestOptions,
  ): Promise<Descriptor>;
  /** The bytes of a blob, checked against size and digest. `undefined`: the registry says 404. */
  getBlob(repository: Repository, descriptor: Descriptor): Promise<Buffer | undefined>;
  /** Uploads what is not known to be there; doing it twice does no harm. */
  putBlob(repository: Repository, bytes: Buffer, mediaType: string): Promise<Descriptor>;
  /** All referrers of a manifest, by the referrers API or the fallback tag; unfiltered. */
  referrers(
    repository: Repository,
    subject: Digest,
    options?: ReferrersOptions,
  ): Promise<readonly Descriptor[]>;
  /**
   * Pushes a manifest that has a `subject`, and lists it in the fallback tag where the registry
   * has no referrers API.
   */
  putReferrer(
    repository: Repository,
    subject: Descriptor,
    bytes: Buffer,
    mediaType: string,
  ): Promise<StoredReferrer>;
  /** Deletes a manifest, and with it each tag that stands for it; its blobs stay. */
  removeManifest(repository: Repository, digest: Digest): Promise<Removal>;
  /** Deletes a manifest that has a `subject`, and takes it out of the fallback tag. */
  removeReferrer(repository: Repository, subject: Digest, digest: Digest): Promise<Removal>;
  /** All tags of a repository. */
  tags(repository: Repository): Promise<readonly Tag[]>;
  /**
   * Asks for access and writes nothing: `REGISTRY_UNAUTHORIZED`, `_FORBIDDEN`, `_PROTOCOL`...
   *
   * @param target what is to be found there; it is read
   * @returns what was read; `undefined` where there is no such thing or none was asked for
   */
  checkAccess(
    repository: Repository,
    access: 'pull' | 'push',
    target?: Tag | Digest,
  ): Promise<FetchedManifest | undefined>;
  /** What was seen so far of the registry of this repository. */
  traits(repository: Repository): RegistryTraits;
  /**
   * This client for one piece of work (a verification, the signing of an image), all of whose
   * requests together have to be done within the budget's `task`; then each is `REGISTRY_UNAVAILABLE`.
   */
  task(options?: TaskOptions): RegistryClient;
  /** Ends pooled connections. */
  close(): Promise<void>;
}
