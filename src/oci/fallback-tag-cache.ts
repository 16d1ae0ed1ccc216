import type { Digest } from './digest';
import type { JsonObject } from './strict-json';
import { formatRepository, type Repository, type Tag } from './reference';

/** The index of a fallback tag, including entries of other writers. */
export interface FallbackIndex {
  readonly document: JsonObject;
  readonly entries: readonly unknown[];
  readonly digest: Digest;
  readonly etag: string | undefined;
}

/** The index of a tag when it was last read; `undefined`: the tag did not exist. */
interface CachedTag {
  readonly index: FallbackIndex | undefined;
}

/**
 * The fallback tags that a task has read. If a registry honors preconditions, the next write can
 * start from the cached index: the registry rejects it if the tag has changed since.
 */
export class FallbackTagCache {
  readonly #tags = new Map<string, CachedTag>();

  note(repository: Repository, tag: Tag, index: FallbackIndex | undefined): void {
    this.#tags.set(nameOf(repository, tag), { index });
  }

  /** Removes and returns the cached index: the write that follows changes the tag. */
  take(repository: Repository, tag: Tag): CachedTag | undefined {
    const name = nameOf(repository, tag);
    const cached = this.#tags.get(name);
    this.#tags.delete(name);
    return cached;
  }
}

function nameOf(repository: Repository, tag: Tag): string {
  return `${formatRepository(repository)}:${tag}`;
}
