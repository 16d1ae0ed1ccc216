import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';
import { printTable } from './table.mjs';

/** Where test/languages appends one JSON line with its columns and rows, and one for each cell (support/table.ts). */
export const languagesFile = join(root, 'coverage/languages.jsonl');

const NONE = { columns: [], rows: [] };

export function removeLanguages() {
  rmSync(languagesFile, { force: true });
}

/**
 * Prints the table of languages, the reasons of what is not possible on this machine, and the totals as the last line.
 * False if a cell failed, or is missing in a full run.
 */
export function printLanguages(partial) {
  const lines = readLines();
  // The suite writes its columns and rows first: cells of a row that could not be set up are missing.
  const { columns, rows } = lines.find((line) => line.columns !== undefined) ?? NONE;
  const cells = lines.filter((line) => line.column !== undefined);
  const cellOf = (row, column) =>
    cells.findLast((cell) => cell.row === row && cell.column === column);
  printTable([
    ['language', ...columns],
    ...rows.map((row) => [row, ...columns.map((column) => cellOf(row, column)?.outcome ?? '-')]),
  ]);
  const known = rows.flatMap((row) =>
    columns.map((column) => cellOf(row, column)).filter((cell) => cell !== undefined),
  );
  const reasons = known.filter((cell) => cell.outcome === 'not here');
  for (const text of new Set(reasons.map((cell) => `${cell.row}: ${cell.reason}`)))
    console.log(text);
  const count = (outcome) => known.filter((cell) => cell.outcome === outcome).length;
  const failed = count('failed') + (partial ? 0 : rows.length * columns.length - known.length);
  console.log(
    `rows ${rows.length}, cells ${known.length}, done ${count('done')}, not possible here ${reasons.length}, failed ${failed}`,
  );
  return known.length > 0 && failed === 0;
}

function readLines() {
  if (!existsSync(languagesFile)) return [];
  return readFileSync(languagesFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
