import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** The columns of the table that `npm run test:languages` prints. */
export const COLUMNS = [
  'SDK generated',
  'compiles',
  'preview',
  'up',
  'second up without change',
  'empty preview',
  'refresh',
  'destroy',
  'no secret in the state',
  'cosign verifies',
] as const;
export type Column = (typeof COLUMNS)[number];

type Cell =
  | { readonly outcome: 'done' | 'failed' }
  | { readonly outcome: 'not here'; readonly reason: string };

/** A line for dev/setup/languages-table.mjs, which prints the table. */
function record(line: Readonly<Record<string, unknown>>): void {
  const file = process.env['LANGUAGES_TABLE'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** Must precede the cells. */
export const recordTable = (rows: readonly string[]): void => record({ columns: COLUMNS, rows });

export const recordCell = (row: string, column: Column, cell: Cell): void =>
  record({ row, column, ...cell });

/** Runs the check of a cell and records its outcome. */
export async function checkCell(
  row: string,
  column: Column,
  check: () => Promise<void> | void,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    recordCell(row, column, { outcome: 'failed' });
    throw error;
  }
  recordCell(row, column, { outcome: 'done' });
}
