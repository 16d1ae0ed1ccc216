import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';
import { printTable } from './table.mjs';

/** The file to which the tests of test/attestations append a JSON line for each cell. */
export const attestationsFile = join(root, 'coverage/attestations.jsonl');

export function removeAttestations() {
  rmSync(attestationsFile, { force: true });
}

const COLUMNS = ['key', 'keyless'].flatMap((signer) =>
  ['bundle', 'legacy'].flatMap((format) =>
    ['ours by cosign', "cosign's by us"].map((direction) => ({ signer, format, direction })),
  ),
);

/**
 * Prints a line for each predicate type, and the sums as the last line. False if a cell failed or, unless
 * `isPart`, is missing.
 */
export function printAttestations(isPart) {
  const cells = readCells();
  const types = [...new Set(cells.map(({ type }) => type))];
  const of = (type, column) =>
    cells.find(
      (cell) =>
        cell.type === type && Object.entries(column).every(([name, value]) => cell[name] === value),
    );
  const text = (cell) => (cell?.result === 'refused' ? 'REFUSED' : (cell?.result ?? '-'));
  const head = COLUMNS.map(({ signer, format, direction }) => `${signer}, ${format}: ${direction}`);
  printTable([
    ['type', ...head],
    ...types.map((type) => [type, ...COLUMNS.map((column) => text(of(type, column)))]),
  ]);
  const count = (result) => cells.filter((cell) => cell.result === result).length;
  const accepted = count('accepted');
  const failed = count('refused');
  const missing = types.length * COLUMNS.length - cells.length;
  console.log(
    `types ${types.length}, cells ${cells.length}, accepted ${accepted}, not possible ${count('not possible')}, ` +
      `failed ${failed}, missing ${missing}`,
  );
  return isPart || (cells.length > 0 && failed === 0 && missing === 0);
}

function readCells() {
  if (!existsSync(attestationsFile)) return [];
  return readFileSync(attestationsFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
