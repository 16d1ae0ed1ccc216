import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** dev/setup/tasks.mjs names the file, and ends with a line that it makes of it. */
export function tallyLies(lies: number, refused: number): void {
  const file = process.env['HOSTILE_TALLY'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify({ lies, refused })}\n`);
}
