/**
 * In which order batches of these numbers of images are done until each has at least so many
 * images: next is always the one with the fewest so far.
 *
 * @returns indexes into the sizes
 * @throws Error if one of them is not above zero
 */
export function turnsOf(sizes: readonly number[], atLeast: number): readonly number[] {
  if (sizes.some((size) => !(size > 0))) throw new Error('only numbers above zero take turns');
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
