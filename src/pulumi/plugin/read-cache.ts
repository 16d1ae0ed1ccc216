import {
  ContentMemory,
  type Digest,
  type ReferrersOptions,
  type RegistryClient,
  type Repository,
  digestOf,
  formatRepository,
  isDigest,
  parseReference,
} from '../../oci';
import { findDigest } from '../../core/image-digest';

/** Age after which a list is read again; the next resource usually follows right after this one. */
const MAX_READ_AGE_MS = 60_000;

interface CachedRead {
  readonly readAt: number;
  readonly result: Promise<unknown>;
}

/**
 * Shares the referrers list of an image between two resources that read it one after the other: the
 * signature and the verification of the same image, in an update without changes. Each list is reused
 * once, only for a short time, and never after a write.
 */
export class ReadCache {
  readonly #reads = new Map<string, CachedRead>();
  /** Blobs from states: only for drift checks; a verification reads them from the registry. */
  readonly #blobs = new ContentMemory();

  /** Adds bytes from a state, so that a drift check need not fetch them: their digest identifies them. */
  addBlob(repository: Repository, bytes: Buffer): void {
    this.#blobs.keepBlob(repository, digestOf(bytes), bytes);
  }

  /** Returns the same client with lists that are shared with the previous or the next resource. */
  cachedClient(client: RegistryClient): RegistryClient {
    const task = client.task();
    const shared: RegistryClient = {
      ...task,
      referrers: (repository, subject, options?: ReferrersOptions) =>
        this.#readOnce(`${formatRepository(repository)} referrers ${subject}`, () =>
          task.referrers(repository, subject, options),
        ),
      getManifest: (repository, target) =>
        isDigest(target)
          ? task.getManifest(repository, target)
          : this.#readOnce(`${formatRepository(repository)} tag ${target}`, () =>
              task.getManifest(repository, target),
            ),
      getBlob: async (repository, descriptor) => {
        const read = () => task.getBlob(repository, descriptor);
        const bytes = await this.#blobs.blob(repository, descriptor.digest, read);
        return bytes === undefined || bytes.length === descriptor.size ? bytes : read();
      },
      task: () => shared,
    };
    return shared;
  }

  /** Discards the lists of a repository, because something is written to it. */
  invalidate(repository: Repository): void {
    const begin = `${formatRepository(repository)} `;
    for (const name of this.#reads.keys()) if (name.startsWith(begin)) this.#reads.delete(name);
  }

  #readOnce<T>(name: string, read: () => Promise<T>): Promise<T> {
    const now = performance.now();
    const cached = this.#reads.get(name);
    this.#reads.delete(name);
    if (cached && now - cached.readAt < MAX_READ_AGE_MS) return cached.result as Promise<T>;
    const result = read();
    this.#reads.set(name, { readAt: now, result });
    // A failed read is not reused: the next resource reads again.
    result.catch(() => {
      if (this.#reads.get(name)?.result === result) this.#reads.delete(name);
    });
    return result;
  }
}

/** Age until which the resolved digest of a base image is reused. */
const MAX_BASE_AGE_MS = 5 * 60_000;

interface CachedBase {
  readonly at: number;
  readonly digest: Promise<Digest | undefined>;
}

/**
 * The digests of the base images in this run: a hundred images with one base resolve it once, and are
 * built from the same digest.
 */
export class BaseDigests {
  /** By client, and so by its access. */
  readonly #resolved = new WeakMap<RegistryClient, Map<string, CachedBase>>();

  of(image: string, client: RegistryClient): Promise<Digest | undefined> {
    const cached = this.#resolved.get(client) ?? new Map<string, CachedBase>();
    this.#resolved.set(client, cached);
    const now = performance.now();
    const existing = cached.get(image);
    if (existing && now - existing.at < MAX_BASE_AGE_MS) return existing.digest;
    const digest = findDigest(parseReference(image), client);
    cached.set(image, { at: now, digest });
    // A failed resolution is not cached.
    digest.catch(() => cached.delete(image));
    return digest;
  }
}

/**
 * The content that the resources of this run depend on, so that a deletion removes nothing that another
 * resource still needs: the engine creates a replacement before it deletes the old resource, and several
 * resources may share one image or one signature. Only this run is covered (run-uses.ts): not other stacks and,
 * in a targeted update, not the resources outside of the targets.
 */
export interface ContentUses {
  /** Records what a resource depends on from now on; replaces what was recorded before. */
  record(urn: string, repository: string, digests: readonly string[]): void;
  /** Returns the URN of a resource that depends on this digest. */
  userOf(repository: string, digest: string): string | undefined;
  /** Returns all digests of a repository that a resource depends on. */
  of(repository: string): readonly string[];
}

export function createContentUses(): ContentUses {
  const uses = new Map<string, { readonly repository: string; readonly digests: Set<string> }>();
  return {
    record: (urn, repository, digests) =>
      void uses.set(urn, { repository, digests: new Set(digests) }),
    userOf: (repository, digest) =>
      [...uses].find(([, use]) => use.repository === repository && use.digests.has(digest))?.[0],
    of: (repository) =>
      [...uses.values()].flatMap((use) => (use.repository === repository ? [...use.digests] : [])),
  };
}
