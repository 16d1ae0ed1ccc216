import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';
import { printTable } from './table.mjs';

/** The fewest cells of a full run. */
const MIN_CELLS = 150;

/** Where test/builders/matrix appends one JSON line for each cell (support/tally.ts). */
export const buildersFile = join(root, 'coverage/builders.jsonl');

export function removeBuilders() {
  rmSync(buildersFile, { force: true });
}

/**
 * Prints the table of builders and cases, and the totals as the last line. False if a cell failed, if a
 * builder has fewer cells than another one, or if a full run has too few; `partial`: the fixed smaller
 * run, or a run of some test files.
 */
export function printBuilders(partial) {
  const cells = readLines();
  // In each line, so that the columns are declared in one place (test/builders/matrix/support/columns.ts).
  const columns = cells.at(-1)?.columns ?? [];
  const names = [...new Set(cells.map((cell) => cell.case))];
  const cellOf = (name, builder) =>
    cells.findLast((cell) => cell.case === name && cell.builder === builder);
  printTable([
    ['case', ...columns],
    ...names.map((name) => [name, ...columns.map((builder) => wordOf(cellOf(name, builder)))]),
  ]);
  const known = names.flatMap((name) =>
    columns.map((builder) => cellOf(name, builder)).filter((cell) => cell !== undefined),
  );
  const count = (outcome) => known.filter((cell) => cell.outcome === outcome).length;
  const [passed, refused, failed] = [count('passed'), count('refused'), count('failed')];
  const isWhole = known.length === names.length * columns.length;
  if (!partial && !isWhole) console.log('some cells were not run');
  console.log(
    `cells ${known.length}, passed ${passed}, refused by name ${refused}, failed ${failed}`,
  );
  const enough = known.length > 0 && (partial || (isWhole && known.length >= MIN_CELLS));
  return enough && failed === 0;
}

/** With `auto` also the builders that it chose. */
function wordOf(cell) {
  if (cell === undefined) return '-';
  const { outcome, builder, used } = cell;
  return builder === 'auto' && used.length > 0 ? `${outcome} (${used.join(', ')})` : outcome;
}

function readLines() {
  if (!existsSync(buildersFile)) return [];
  return readFileSync(buildersFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
