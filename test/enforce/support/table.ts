import { appendFileSync } from 'node:fs';

/** The enforcement layers, as the table names them. */
export type Layer = 'types' | 'program' | 'policy pack' | 'cluster';

/** Records one cell of the table that `npm run test:enforce` prints; dev/setup/suites.mjs sets the file. */
function cell(kind: string, layer: Layer, outcome: 'admitted' | 'refused'): void {
  const file = process.env['ENFORCE_TABLE'];
  if (file) appendFileSync(file, `${JSON.stringify({ kind, layer, outcome })}\n`);
}

/** Records that a verified image in this kind was admitted. */
export const admitted = (kind: string, layer: Layer): void => cell(kind, layer, 'admitted');

/** Records that an unverified image in this kind was refused. */
export const refused = (kind: string, layer: Layer): void => cell(kind, layer, 'refused');

/** Records that a step of a rollout passed on the real controllers. */
export function rolloutStep(step: string): void {
  const file = process.env['ENFORCE_TABLE'];
  if (file) appendFileSync(file, `${JSON.stringify({ step, outcome: 'as expected' })}\n`);
}
