import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** The columns of the table that `npm run test:languages` prints (dev/setup/languages-table.mjs). */
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

export function recordCell(row: string, column: Column, cell: Cell): void {
  const file = process.env['LANGUAGES_TABLE'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify({ row, column, ...cell })}\n`);
}

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
