import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** A result of the matrix. */
export type MatrixLine =
  | { readonly verifier: string; readonly version: string }
  | {
      readonly verifier: string;
      /** As `nameOf` formats it. */
      readonly image: string;
      readonly purpose: string;
      /** What the verifier needed to accept it. */
      readonly flags?: readonly string[];
      /** Why it does not. */
      readonly gap?: string;
      /** A falsified sibling that it refused. */
      readonly refused?: string;
    }
  /** Something about a verifier that a test of its own has tried. */
  | { readonly verifier: string; readonly note: string };

/** Whether results are recorded: `npm run test:interop` does. */
export const isRecorded = (): boolean => (process.env['INTEROP_TALLY'] ?? '') !== '';

/** Appends to the file that dev/setup/interop-table.mjs reads; nothing in a single test file. */
export function record(line: MatrixLine): void {
  const file = process.env['INTEROP_TALLY'];
  if (file === undefined || file === '') return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export function recordVersion(verifier: string, version: string): void {
  record({ verifier, version });
}
