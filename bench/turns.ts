/**
 * The order in which batches of these sizes run until each size has processed at least `atLeast`
 * images: the next batch is always of the size with the fewest images so far.
 *
 * @returns indexes into the sizes
 * @throws Error if a size is not above zero
 */
export function turnsOf(sizes: readonly number[], atLeast: number): readonly number[] {
  if (sizes.some((size) => !(size > 0))) throw new Error('sizes of batches must be above zero');
  const done = sizes.map(() => 0);
  const turns: number[] = [];
  for (;;) {
    const fewest = Math.min(...done);
    if (sizes.length === 0 || fewest >= Math.max(atLeast, 1)) return turns;
    const next = done.indexOf(fewest);
    done[next] = fewest + (sizes[next] ?? 0);
    turns.push(next);
  }
}
