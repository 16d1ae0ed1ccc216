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
import { resolveDigest } from './inputs/declared-image';

/** Milliseconds after which it is looked at anew: the next resource comes right after this one. */
const MAX_READ_AGE_MS = 60_000;

interface CachedRead {
  readonly at: number;
  readonly what: Promise<unknown>;
}

/**
 * What the registry lists beside an image, read once where two resources ask for it one after the
 * other: the signature and the verification of the same image, in an update in which nothing is to
 * be done. Each list is handed on once and soon, and never past a write.
 */
export class ReadCache {
  readonly #seen = new Map<string, CachedRead>();
  /** Blobs of states: for looks only, a verification reads them. */
  readonly #known = new ContentMemory();

  /** Bytes that a state has, so that a look need not read them: their digest says what they are. */
  know(repository: Repository, bytes: Buffer): void {
    this.#known.keepBlob(repository, digestOf(bytes), bytes);
  }

  /** The same client, whose lists come from the resource that looked before, or go to the next. */
  through(client: RegistryClient): RegistryClient {
    const task = client.task();
    const shared: RegistryClient = {
      ...task,
      referrers: (repository, subject, options?: ReferrersOptions) =>
        this.#handed(`${formatRepository(repository)} referrers ${subject}`, () =>
          task.referrers(repository, subject, options),
        ),
      getManifest: (repository, target) =>
        isDigest(target)
          ? task.getManifest(repository, target)
          : this.#handed(`${formatRepository(repository)} tag ${target}`, () =>
              task.getManifest(repository, target),
            ),
      getBlob: async (repository, descriptor) => {
        const read = () => task.getBlob(repository, descriptor);
        const bytes = await this.#known.blob(repository, descriptor.digest, read);
        return bytes === undefined || bytes.length === descriptor.size ? bytes : read();
      },
      task: () => shared,
    };
    return shared;
  }

  /** What was seen in a repository may not be so any more: something is written to it. */
  forget(repository: Repository): void {
    const begin = `${formatRepository(repository)} `;
    for (const name of this.#seen.keys()) if (name.startsWith(begin)) this.#seen.delete(name);
  }

  #handed<T>(name: string, look: () => Promise<T>): Promise<T> {
    const now = performance.now();
    const seen = this.#seen.get(name);
    this.#seen.delete(name);
    if (seen && now - seen.at < MAX_READ_AGE_MS) return seen.what as Promise<T>;
    const what = look();
    this.#seen.set(name, { at: now, what });
    // What failed is no look: the next one asks for itself.
    what.catch(() => {
      if (this.#seen.get(name)?.what === what) this.#seen.delete(name);
    });
    return what;
  }
}

/** Milliseconds for which a base that was asked for is what it was. */
const MAX_BASE_AGE_MS = 5 * 60_000;

interface CachedBase {
  readonly at: number;
  readonly digest: Promise<Digest>;
}

/**
 * What base images stand for in this run: a hundred images from one base ask for it once, and are
 * built from the same one.
 */
export class BaseDigests {
  /** By client, and so by the access that it has. */
  readonly #asked = new WeakMap<RegistryClient, Map<string, CachedBase>>();

  of(image: string, client: RegistryClient): Promise<Digest> {
    const asked = this.#asked.get(client) ?? new Map<string, CachedBase>();
    this.#asked.set(client, asked);
    const now = performance.now();
    const known = asked.get(image);
    if (known && now - known.at < MAX_BASE_AGE_MS) return known.digest;
    const digest = resolveDigest(parseReference(image), client);
    asked.set(image, { at: now, digest });
    // Whoever could not be asked is asked again.
    digest.catch(() => asked.delete(image));
    return digest;
  }
}

/**
 * What the resources of this run rest on, so that a deletion takes nothing away that another one
 * still needs: an engine makes the new before it deletes the old, and several resources may share
 * one image or one signature. Only this process is known: not other stacks, and in a targeted
 * update not the resources that are left out.
 */
export interface ContentUses {
  /** What a resource rests on from now on; it replaces what was noted for it before. */
  note(urn: string, repository: string, digests: readonly string[]): void;
  /** A resource that rests on this digest, by its URN. */
  userOf(repository: string, digest: string): string | undefined;
  /** All digests of a repository that something rests on. */
  of(repository: string): readonly string[];
}

export function createContentUses(): ContentUses {
  const uses = new Map<string, { readonly repository: string; readonly digests: Set<string> }>();
  return {
    note: (urn, repository, digests) =>
      void uses.set(urn, { repository, digests: new Set(digests) }),
    userOf: (repository, digest) =>
      [...uses].find(([, use]) => use.repository === repository && use.digests.has(digest))?.[0],
    of: (repository) =>
      [...uses.values()].flatMap((use) => (use.repository === repository ? [...use.digests] : [])),
  };
}
