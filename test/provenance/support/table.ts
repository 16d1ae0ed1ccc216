import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import type { SourceFacts } from '../../../src/source';

/** A line of the output of `npm run test:provenance` (dev/setup/provenance-table.mjs). */
export type ProvenanceRow =
  | {
      readonly kind: 'facts';
      readonly system: string;
      readonly event: string;
      readonly facts: SourceFacts;
    }
  | {
      readonly kind: 'statement';
      readonly system: string;
      readonly event: string;
      readonly form: 'own' | 'github';
      /** What accepted it; empty if a check failed. */
      readonly acceptedBy: readonly string[];
    }
  | { readonly kind: 'note'; readonly text: string };

/** Records a line. Call it before the assertion, so that a failure is counted, too. */
export function record(row: ProvenanceRow): void {
  // dev/setup/suites.mjs names the file.
  const file = process.env['PROVENANCE_TABLE'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(row)}\n`);
}
