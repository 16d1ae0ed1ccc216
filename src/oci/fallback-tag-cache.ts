import type { Digest } from './digest';
import type { JsonObject } from './strict-json';
import { formatRepository, type Repository, type Tag } from './reference';

/** The content of a fallback tag, with all that others wrote into it. */
export interface FallbackIndex {
  readonly document: JsonObject;
  readonly entries: readonly unknown[];
  readonly digest: Digest;
  readonly etag: string | undefined;
}

/** What one tag held when it was last read; `undefined`: it was not there. */
interface CachedTag {
  readonly index: FallbackIndex | undefined;
}

/**
 * What a piece of work has seen in fallback tags. A registry that heeds conditions lets the next
 * write start from there: if the tag is another by then, it refuses.
 */
export class FallbackTagCache {
  readonly #sights = new Map<string, CachedTag>();

  note(repository: Repository, tag: Tag, index: FallbackIndex | undefined): void {
    this.#sights.set(nameOf(repository, tag), { index });
  }

  /** Once: what follows changes the tag. */
  take(repository: Repository, tag: Tag): CachedTag | undefined {
    const name = nameOf(repository, tag);
    const sight = this.#sights.get(name);
    this.#sights.delete(name);
    return sight;
  }
}

function nameOf(repository: Repository, tag: Tag): string {
  return `${formatRepository(repository)}:${tag}`;
}
