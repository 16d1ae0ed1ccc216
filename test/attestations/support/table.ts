import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** A cell of the table of `npm run test:attest` (dev/setup/attestations-table.mjs). */
export interface AttestationCell {
  readonly type: string;
  readonly signer: string;
  readonly format: string;
  /** Who made it and who verified it: `ours by cosign`. */
  readonly direction: 'ours by cosign' | "cosign's by us";
  /** `not possible`: cosign fails to make it, which the test asserts. */
  readonly result: 'accepted' | 'refused' | 'not possible';
}

/** Records a cell. Call it before the assertion, so that a failure is counted, too. */
export function record(cell: AttestationCell): void {
  // dev/setup/suites.mjs names the file.
  const file = process.env['ATTESTATIONS_TABLE'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(cell)}\n`);
}
