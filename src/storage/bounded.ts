/** `map` with at most `limit` calls at a time; the results keep the order of the items. */
export async function mapBounded<T, R>(
  items: readonly T[],
  limit: number,
  call: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array<R>(items.length);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    // All workers share one iterator, so each item is processed once.
    for (const [position, item] of queue) results[position] = await call(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
