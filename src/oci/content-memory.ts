import type { FetchedManifest } from './client';
import type { Digest } from './digest';
import { formatRepository, type Repository } from './reference';

export interface ContentMemoryOptions {
  /** Maximum size in bytes. Default: 8 MiB. */
  readonly capacity?: number;
  /** Milliseconds after which an entry expires. Default: 10 minutes. */
  readonly maxAge?: number;
  /** Milliseconds of a monotonic clock. Default: `performance.now`. */
  readonly now?: () => number;
}

const DEFAULT_CAPACITY = 8 * 1024 * 1024;
const DEFAULT_MAX_AGE_MS = 10 * 60_000;
/** Larger content does not belong to a signature, and is not cached. */
const MAX_ENTRY_BYTES = 1024 * 1024;
/** Estimated bytes of an entry beside its content. For an uploaded blob only the name is stored. */
const ENTRY_OVERHEAD_BYTES = 200;

interface CacheEntry {
  readonly value: unknown;
  readonly bytes: number;
  readonly expiresAt: number;
}

/**
 * A cache of the content that one run has read by digest: the bytes of a digest never change. It
 * never stores mutable lookups (tags, lists of referrers), nor content that was only written: that it
 * was stored is shown by reading it back.
 *
 * Made for one run; entries of a longer-lived cache expire.
 */
export class ContentMemory {
  readonly #capacity: number;
  readonly #maxAge: number;
  readonly #now: () => number;
  /** In order of last use, so that the first one is evicted first. */
  readonly #entries = new Map<string, CacheEntry>();
  readonly #pending = new Map<string, Promise<unknown>>();
  #bytes = 0;

  constructor({
    capacity = DEFAULT_CAPACITY,
    maxAge = DEFAULT_MAX_AGE_MS,
    now,
  }: ContentMemoryOptions = {}) {
    this.#capacity = capacity;
    this.#maxAge = maxAge;
    this.#now = now ?? (() => performance.now());
  }

  /** Returns the cached manifest, or reads it. "Not found" is not cached. */
  manifest(
    repository: Repository,
    digest: Digest,
    read: () => Promise<FetchedManifest | undefined>,
  ): Promise<FetchedManifest | undefined> {
    return this.#once(nameOf('manifest', repository, digest), ({ bytes }) => bytes.length, read);
  }

  /** Caches a manifest that was read by tag under its digest. */
  keepManifest(repository: Repository, manifest: FetchedManifest): void {
    const { descriptor, bytes } = manifest;
    // The ETag belongs to the tag, not to the digest.
    const value: FetchedManifest = { descriptor, bytes };
    this.#set(nameOf('manifest', repository, descriptor.digest), value, bytes.length);
  }

  blob(
    repository: Repository,
    digest: Digest,
    read: () => Promise<Buffer | undefined>,
  ): Promise<Buffer | undefined> {
    return this.#once(nameOf('blob', repository, digest), (bytes) => bytes.length, read);
  }

  /** Caches a blob that is known from another source; the digest identifies it. */
  keepBlob(repository: Repository, digest: Digest, bytes: Buffer): void {
    this.#set(nameOf('blob', repository, digest), bytes, bytes.length);
  }

  /** Whether this run has uploaded the blob. */
  hasUploaded(repository: Repository, digest: Digest): boolean {
    return this.#get(nameOf('upload', repository, digest)) !== undefined;
  }

  noteUpload(repository: Repository, digest: Digest): void {
    this.#set(nameOf('upload', repository, digest), true, 0);
  }

  /** Evicts all entries of a repository, because the registry reported a different state. */
  forget(repository: Repository): void {
    const end = ` ${formatRepository(repository)}`;
    for (const name of this.#entries.keys()) {
      if (name.slice(0, name.indexOf('@')).endsWith(end)) this.#delete(name);
    }
  }

  async #once<T extends NonNullable<unknown>>(
    name: string,
    sizeOf: (value: T) => number,
    read: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const cached = this.#get(name);
    if (cached !== undefined) return cached as T;
    const pending = this.#pending.get(name);
    if (pending) return pending as Promise<T | undefined>;
    const reading = read();
    this.#pending.set(name, reading);
    try {
      const value = await reading;
      if (value !== undefined) this.#set(name, value, sizeOf(value));
      return value;
    } finally {
      this.#pending.delete(name);
    }
  }

  #get(name: string): unknown {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    this.#entries.delete(name);
    if (entry.expiresAt <= this.#now()) {
      this.#bytes -= entry.bytes;
      return undefined;
    }
    this.#entries.set(name, entry);
    return entry.value;
  }

  #set(name: string, value: unknown, size: number): void {
    if (size > MAX_ENTRY_BYTES) return;
    this.#delete(name);
    const bytes = size + ENTRY_OVERHEAD_BYTES;
    this.#entries.set(name, { value, bytes, expiresAt: this.#now() + this.#maxAge });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#capacity) return;
      this.#delete(oldest);
    }
  }

  #delete(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#entries.delete(name);
    this.#bytes -= entry.bytes;
  }
}

function nameOf(
  kind: 'manifest' | 'blob' | 'upload',
  repository: Repository,
  digest: Digest,
): string {
  return `${kind} ${formatRepository(repository)}@${digest}`;
}
