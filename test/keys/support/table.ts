import { appendFileSync } from 'node:fs';

import type { SourceCase } from '../source-case';
import type { Trial } from './trial';

/**
 * Keeps one line of the table; dev/run.mjs names the file, and prints it when all have run. A case
 * that failed has no line, and its test has the reason.
 */
export function record({ source, against }: SourceCase, trial: Trial): void {
  const file = process.env['KEYS_TABLE'];
  if (file) appendFileSync(file, `${JSON.stringify({ source, against, ...trial })}\n`);
}
