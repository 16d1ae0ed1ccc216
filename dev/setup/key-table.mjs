import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';
import { printTable } from './table.mjs';

/** Where test/keys/keys.test.ts writes a line for each source that it tried. */
export const keyTableFile = join(root, 'coverage/keys.jsonl');

export function forgetKeyTable() {
  rmSync(keyTableFile, { force: true });
}

const HEAD = [
  'source',
  'against',
  'signed',
  'verified by us',
  'verified by cosign',
  'cosign signed, verified by us',
];
const yes = (value) => (value ? 'yes' : '-');

function rows() {
  if (!existsSync(keyTableFile)) return [];
  return readFileSync(keyTableFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map((row) => [
      row.source,
      row.against,
      yes(row.signed),
      yes(row.verifiedByUs),
      yes(row.verifiedByCosign),
      yes(row.signedByCosign),
    ]);
}

/** Prints one line for each source; "-" where cosign cannot reach it. */
export function tellKeyTable() {
  printTable([HEAD, ...rows()]);
}
