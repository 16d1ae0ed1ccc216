import { appendFileSync } from 'node:fs';

/** The four walls, by their words in the table. */
export type Wall = 'types' | 'program' | 'policy pack' | 'cluster';

/** Keeps one cell of the table that `npm run test:enforce` prints; dev/run.mjs names the file. */
function cell(kind: string, wall: Wall, outcome: 'admitted' | 'refused'): void {
  const file = process.env['ENFORCE_TABLE'];
  if (file) appendFileSync(file, `${JSON.stringify({ kind, wall, outcome })}\n`);
}

/** To be called after it was seen that a verified image of this kind came through. */
export const admitted = (kind: string, wall: Wall): void => cell(kind, wall, 'admitted');

/** To be called after it was seen that an image that was not verified did not. */
export const refused = (kind: string, wall: Wall): void => cell(kind, wall, 'refused');

/** To be called after a step of a rollout went through on the real controllers. */
export function rolloutStep(step: string): void {
  const file = process.env['ENFORCE_TABLE'];
  if (file) appendFileSync(file, `${JSON.stringify({ step, outcome: 'as it should' })}\n`);
}
