import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';
import { printTable } from './table.mjs';

/** The file to which test/keys/keys.test.ts writes a line for each key source. */
export const keyTableFile = join(root, 'coverage/keys.jsonl');

export function removeKeyTable() {
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

/** Prints one line for each source; "-" if cosign does not support it. */
export function printKeyTable() {
  printTable([HEAD, ...rows()]);
}
