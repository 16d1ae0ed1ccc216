import { appendFileSync } from 'node:fs';

import { COLUMN_NAMES, type ColumnName } from './columns';

/** One cell of the table that `npm run test:builders` prints. */
export interface CellOutcome {
  readonly builder: ColumnName;
  readonly case: string;
  readonly outcome: 'passed' | 'refused' | 'failed';
  /** Builders that built; with `auto` the chosen ones. */
  readonly used: readonly string[];
  readonly seconds: number;
}

/** Appends the line of a cell, with the columns of the table, which dev/run.mjs prints at the end. It names the file. */
export function recordCell(outcome: CellOutcome): void {
  const file = process.env['BUILDERS_TALLY'];
  if (file) appendFileSync(file, `${JSON.stringify({ ...outcome, columns: COLUMN_NAMES })}\n`);
}

/** Only the cases and columns of the fixed smaller run: `npm run test:builders -- --sample`. */
export const SAMPLE = process.env['BUILDERS_SAMPLE'] === '1';
