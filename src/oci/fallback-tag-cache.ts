import { formatRepository, type Repository, type Tag } from './reference';
import type { FallbackIndex } from './referrers';

/** What one tag held when it was last read; `undefined`: it was not there. */
interface Sight {
  readonly index: FallbackIndex | undefined;
}

/**
 * What a piece of work has seen in fallback tags. A registry that heeds conditions lets the next
 * write start from there: if the tag is another by then, it refuses.
 */
export class TagSights {
  readonly #sights = new Map<string, Sight>();

  note(repository: Repository, tag: Tag, index: FallbackIndex | undefined): void {
    this.#sights.set(nameOf(repository, tag), { index });
  }

  /** Once: what follows changes the tag. */
  take(repository: Repository, tag: Tag): Sight | undefined {
    const name = nameOf(repository, tag);
    const sight = this.#sights.get(name);
    this.#sights.delete(name);
    return sight;
  }
}

function nameOf(repository: Repository, tag: Tag): string {
  return `${formatRepository(repository)}:${tag}`;
}
