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
  append({ table: 'types', ...cell });
}

function append(line: object): void {
  // dev/setup/suites.mjs names the file.
  const file = process.env['ATTESTATIONS_TABLE'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** A line of the second table: what one shape of attestations, or a falsified sibling of it, results in. */
export interface ShapeCase {
  readonly shape: string;
  /** What differs from the shape as it is made; `-`: nothing. */
  readonly sibling: string;
  readonly expected: 'accepted' | 'refused';
  /** `wrong`: not as expected, or for another reason. */
  readonly result: 'accepted' | 'refused' | 'wrong';
  /** The error code of a refusal. */
  readonly code: string;
  readonly reason: string;
  /** What real cosign says of the same; `-`: it cannot be asked. */
  readonly cosign: CosignVerdict;
}
export type CosignVerdict = 'accepts' | 'refuses' | '-';

/** A line of the third table: the signers that are present, and how many of three are required. */
export interface CountCase {
  readonly count: number;
  readonly present: string;
  readonly result: 'accepted' | 'refused' | 'wrong';
}

export const recordShape = (line: ShapeCase): void => append({ table: 'shapes', ...line });
export const recordCount = (line: CountCase): void => append({ table: 'count', ...line });
