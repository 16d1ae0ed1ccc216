import type { FetchedManifest } from './client';
import type { Digest } from './digest';
import { formatRepository, type Repository } from './reference';

export interface ContentMemoryOptions {
  /** Bytes that are kept at most. Default: 8 MiB. */
  readonly capacity?: number;
  /** Milliseconds for which what was read counts as being there. Default: 10 minutes. */
  readonly longest?: number;
  /** Milliseconds of a clock that is never set back. Default: `performance.now`. */
  readonly now?: () => number;
}

const CAPACITY = 8 * 1024 * 1024;
const LONGEST = 10 * 60_000;
/** What is larger is not what a signature is made of. */
const LARGEST = 1024 * 1024;
/** Of a blob that was uploaded only its name is kept. */
const OVERHEAD = 200;

interface Kept<T> {
  readonly value: T;
  readonly bytes: number;
  readonly until: number;
}

/**
 * What one run has read by digest, so that it is not read twice: bytes that have the digest are the
 * same wherever and whenever they come from. What says which digest is the right one (a tag, a list
 * of referrers) is never in here, and neither is what was only written: that it arrived is seen by
 * reading it.
 *
 * Made for a run; a memory that outlives it forgets by itself.
 */
export class ContentMemory {
  readonly #capacity: number;
  readonly #longest: number;
  readonly #now: () => number;
  /** In the order of their use, so that the first is the one to go. */
  readonly #kept = new Map<string, Kept<unknown>>();
  readonly #reading = new Map<string, Promise<unknown>>();
  #bytes = 0;

  constructor({ capacity = CAPACITY, longest = LONGEST, now }: ContentMemoryOptions = {}) {
    this.#capacity = capacity;
    this.#longest = longest;
    this.#now = now ?? (() => performance.now());
  }

  /** The manifest, read at most once; one that is not there is not remembered as such. */
  manifest(
    repository: Repository,
    digest: Digest,
    read: () => Promise<FetchedManifest | undefined>,
  ): Promise<FetchedManifest | undefined> {
    return this.#once(nameOf('manifest', repository, digest), ({ bytes }) => bytes.length, read);
  }

  /** A manifest that a tag stood for, kept under its digest. */
  keepManifest(repository: Repository, manifest: FetchedManifest): void {
    const { descriptor, bytes } = manifest;
    // The ETag is that of the tag: by digest nobody asks for one.
    const value: FetchedManifest = { descriptor, bytes };
    this.#keep(nameOf('manifest', repository, descriptor.digest), value, bytes.length);
  }

  blob(
    repository: Repository,
    digest: Digest,
    read: () => Promise<Buffer | undefined>,
  ): Promise<Buffer | undefined> {
    return this.#once(nameOf('blob', repository, digest), (bytes) => bytes.length, read);
  }

  /** Bytes that are known from elsewhere: what they are called, their digest says. */
  keepBlob(repository: Repository, digest: Digest, bytes: Buffer): void {
    this.#keep(nameOf('blob', repository, digest), bytes, bytes.length);
  }

  /** Whether this run has uploaded the blob. */
  hasUploaded(repository: Repository, digest: Digest): boolean {
    return this.#recall(nameOf('upload', repository, digest)) !== undefined;
  }

  noteUpload(repository: Repository, digest: Digest): void {
    this.#keep(nameOf('upload', repository, digest), true, 0);
  }

  /** The registry says otherwise: nothing that is in a repository is taken for known any more. */
  forget(repository: Repository): void {
    const end = ` ${formatRepository(repository)}`;
    for (const name of this.#kept.keys()) {
      if (name.slice(0, name.indexOf('@')).endsWith(end)) this.#drop(name);
    }
  }

  async #once<T extends NonNullable<unknown>>(
    name: string,
    sizeOf: (value: T) => number,
    read: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const known = this.#recall(name);
    if (known !== undefined) return known as T;
    const underWay = this.#reading.get(name);
    if (underWay) return underWay as Promise<T | undefined>;
    const reading = read();
    this.#reading.set(name, reading);
    try {
      const value = await reading;
      if (value !== undefined) this.#keep(name, value, sizeOf(value));
      return value;
    } finally {
      this.#reading.delete(name);
    }
  }

  #recall(name: string): unknown {
    const kept = this.#kept.get(name);
    if (!kept) return undefined;
    this.#kept.delete(name);
    if (kept.until <= this.#now()) {
      this.#bytes -= kept.bytes;
      return undefined;
    }
    this.#kept.set(name, kept);
    return kept.value;
  }

  #keep(name: string, value: unknown, size: number): void {
    if (size > LARGEST) return;
    this.#drop(name);
    const bytes = size + OVERHEAD;
    this.#kept.set(name, { value, bytes, until: this.#now() + this.#longest });
    this.#bytes += bytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#capacity) return;
      this.#drop(oldest);
    }
  }

  #drop(name: string): void {
    const kept = this.#kept.get(name);
    if (!kept) return;
    this.#kept.delete(name);
    this.#bytes -= kept.bytes;
  }
}

function nameOf(
  kind: 'manifest' | 'blob' | 'upload',
  repository: Repository,
  digest: Digest,
): string {
  return `${kind} ${formatRepository(repository)}@${digest}`;
}
