import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';

/** Where test/offline appends one JSON line for each export and each command that was run (support/tally.ts). */
export const offlineFile = join(root, 'coverage/offline.jsonl');

/** The clients that must verify exports. */
const VERIFIERS = ['signed-image', 'cosign', 'sigstore-python', 'sigstore-go'];

export function removeOffline() {
  rmSync(offlineFile, { force: true });
}

/**
 * Prints a line for each client and the totals as the last line. False if a command failed, or if in a full run a client
 * verified nothing or refused nothing.
 */
export function printOffline(partial) {
  const lines = existsSync(offlineFile)
    ? readFileSync(offlineFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : [];
  const runs = lines.filter(({ kind }) => kind === 'run');
  const count = (outcome, among = runs) => among.filter((each) => each.outcome === outcome).length;
  const counts = VERIFIERS.map((verifier) => {
    const own = runs.filter((each) => each.verifier === verifier);
    console.log(
      `${verifier}: verified ${count('verified', own)}, refused ${count('refused', own)}`,
    );
    return count('verified', own) > 0 && count('refused', own) > 0;
  });
  const failed = count('failed');
  const exports = lines.filter(({ kind }) => kind === 'export').length;
  const verifiers = new Set(runs.map(({ verifier }) => verifier)).size;
  console.log(
    `exports ${exports}, verifiers ${verifiers}, verified ${count('verified')}, refused ${count('refused')}, failed ${failed}`,
  );
  return exports > 0 && failed === 0 && (partial || counts.every(Boolean));
}
