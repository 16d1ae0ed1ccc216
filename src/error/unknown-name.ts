/** A misspelt name differs from the right one in at most this part of its letters. */
const MAX_DIFFERENCE = 1 / 3;

/** The letters and digits only, so that `allow_dirty` and `--allow-dirty` are near `allowDirty`. */
const letters = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** Counts the insertions, removals, replacements and exchanges of neighbors that turn one text into the other. */
function distance(left: string, right: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = [...right, ''].map((_, column) => column);
  for (let line = 1; line <= left.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[line - 1] === right[column - 1];
      const steps = [
        (row[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (row[column - 1] ?? 0) + (isSame ? 0 : 1),
      ];
      if (left[line - 1] === right[column - 2] && left[line - 2] === right[column - 1])
        steps.push((before[column - 2] ?? 0) + 1);
      next.push(Math.min(...steps));
    }
    before = row;
    row = next;
  }
  return row[right.length] ?? 0;
}

/** Longer names are not names of an input: comparing them would only take time. */
const MAX_NAME_LENGTH = 64;

/** Returns the name that was probably meant; `undefined` if none is near. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return undefined;
  const given = letters(name);
  const near = names
    .map((each) => ({ each, away: distance(given, letters(each)) }))
    .filter(({ each, away }) => away <= Math.max(1, Math.floor(each.length * MAX_DIFFERENCE)))
    // Sorting is stable: among equally near names, the first one that is listed is returned.
    .sort((a, b) => a.away - b.away);
  return given === '' ? undefined : near[0]?.each;
}

/** What to report about a name that does not exist; never the value that it has. */
export function unknownName(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  return nearest === undefined
    ? `unknown; expected one of ${names.join(', ')}`
    : `unknown; did you mean ${JSON.stringify(nearest)}?`;
}
