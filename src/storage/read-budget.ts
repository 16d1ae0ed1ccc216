/**
 * The most bytes of stored signatures and attestations that are read for one manifest. Anybody who
 * may write beside an image could fill the memory of all who verify it.
 */
export const MAX_READ_BYTES = 32 * 1024 * 1024;

/** What is told of a thing that was left unread for that. */
export const OVER_BUDGET = `all that is stored beside the image has more than ${MAX_READ_BYTES} bytes, and the largest of it is not read`;

interface Sized {
  readonly size: number;
}

/**
 * Those that are read: the smallest first, because a signature is small and what is to hide it has
 * to be large.
 */
export function withinBudget<T extends Sized>(things: readonly T[]): ReadonlySet<T> {
  const chosen = new Set<T>();
  let left = MAX_READ_BYTES;
  for (const thing of [...things].sort((a, b) => a.size - b.size)) {
    left -= thing.size;
    if (left < 0) break;
    chosen.add(thing);
  }
  return chosen;
}
