import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Records the inputs of an oracle, for the last line of `npm run test:oracles`. Call it before the
 * assertion that there are no differences, so that a failed comparison is counted too.
 *
 * @param name - Of the oracle; several calls with one name are added up.
 * @param inputs - How many inputs both sides answered.
 * @param differences - How many of these they answered differently.
 */
export function recordOracle(name: string, inputs: number, differences: number): void {
  // dev/setup/suites.mjs names the file.
  const file = process.env['ORACLES_TALLY'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify({ name, inputs, differences })}\n`);
}

/** Whether this run is the smaller one of CI (`npm run test:oracles -- --sample`). */
export const SAMPLE = process.env['ORACLES_SAMPLE'] === '1';

/** How many inputs to generate: `full`, or the sample's number. */
export function inputCount(full: number, sample: number): number {
  return SAMPLE ? sample : full;
}
