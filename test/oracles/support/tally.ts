import { appendFileSync } from 'node:fs';

/** Keeps what an oracle compared, for the last line of `npm run test:oracles`, which names the file. */
export function recordOracle(name: string, inputs: number, differences: number): void {
  const file = process.env['ORACLES_TALLY'];
  if (file) appendFileSync(file, `${JSON.stringify({ name, inputs, differences })}\n`);
}
