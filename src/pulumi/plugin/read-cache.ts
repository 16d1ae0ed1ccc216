import {
  ContentMemory,
  digestOf,
  formatRepository,
  isDigest,
  type RegistryClient,
  type ReferrersOptions,
  type Repository,
} from '../../oci';

/** Milliseconds after which it is looked at anew: the next resource comes right after this one. */
const LONGEST = 60_000;

interface Seen {
  readonly at: number;
  readonly what: Promise<unknown>;
}

/**
 * What the registry lists beside an image, read once where two resources ask for it one after the
 * other: the signature and the verification of the same image, in an update in which nothing is to
 * be done. Each list is handed on once and soon, and never past a write.
 */
export class SharedLooks {
  readonly #seen = new Map<string, Seen>();
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
    if (seen && now - seen.at < LONGEST) return seen.what as Promise<T>;
    const what = look();
    this.#seen.set(name, { at: now, what });
    // What failed is no look: the next one asks for itself.
    what.catch(() => {
      if (this.#seen.get(name)?.what === what) this.#seen.delete(name);
    });
    return what;
  }
}
