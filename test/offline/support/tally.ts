import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** One line of `npm run test:offline`'s count. */
export type TallyLine =
  | { readonly kind: 'export' }
  | {
      readonly kind: 'run';
      readonly verifier: string;
      readonly outcome: 'verified' | 'refused' | 'failed';
    };

/** Appends to the file that dev/setup/offline-table.mjs counts; nothing in a single test file. */
export function tally(line: TallyLine): void {
  const file = process.env['OFFLINE_TALLY'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}
