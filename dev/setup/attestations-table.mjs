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

/** Shapes of build systems, which a full run has, and how many falsified siblings each has at least. */
const SHAPES = {
  'GitHub, public repository': 10,
  'GitHub, private repository': 10,
  'BuildKit, provenance': 10,
  'BuildKit, SBOM': 10,
  'Tekton Chains, slsa/v2alpha4': 10,
  'Tekton Chains, slsa/v2alpha3 of type slsa-tekton': 10,
  'Tekton Chains, slsa/v1': 10,
  'Tekton Chains, in-toto': 10,
};
/** How many signers are required, and how many sets of present ones are tried with each. */
const COUNTS = [1, 2, 3];
const MIN_PRESENT = 24;
const MIN_TYPES = 11;

/**
 * Prints the tables, each with its sums as the last line. False if a cell failed or, unless `isPart`, is missing.
 */
export function printAttestations(isPart) {
  const lines = readLines();
  const of = (table) => lines.filter((line) => line.table === table);
  const isRight = [
    printTypes(of('types'), isPart),
    printShapes(of('shapes'), isPart),
    printCounts(of('count'), isPart),
  ];
  return isRight.every(Boolean);
}

/** A line for each predicate type. */
function printTypes(cells, isPart) {
  if (cells.length === 0) return isPart;
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
  const failed = count('refused');
  const missing = Math.max(types.length, MIN_TYPES) * COLUMNS.length - cells.length;
  console.log(
    `types ${types.length}, cells ${cells.length}, accepted ${count('accepted')}, ` +
      `not possible ${count('not possible')}, failed ${failed}, missing ${missing}`,
  );
  return failed === 0 && (isPart || missing === 0);
}

/** A line for each falsified sibling of each shape, and what cosign says of it. */
function printShapes(cases, isPart) {
  if (cases.length === 0) return isPart;
  printTable([
    ['shape', 'with', 'result', 'code', 'cosign'],
    // Test files run at the same time.
    ...cases
      .toSorted((a, b) => a.shape.localeCompare(b.shape))
      .map(({ shape, sibling, result, code, cosign }) => [
        ...[shape, sibling, result === 'wrong' ? 'WRONG' : result, code || '-', cosign],
      ]),
  ]);
  const of = (shape, expected, result) =>
    cases.filter(
      (each) => each.shape === shape && each.expected === expected && each.result === result,
    );
  const lacking = Object.entries(SHAPES).flatMap(([shape, siblings]) => [
    ...(of(shape, 'accepted', 'accepted').length > 0 ? [] : [`${shape}: accepted`]),
    ...(of(shape, 'refused', 'refused').length >= siblings
      ? []
      : [`${shape}: ${siblings} siblings`]),
  ]);
  const count = (result) => cases.filter((each) => each.result === result).length;
  const wrong = count('wrong');
  const unnoticed = cases.filter((each) => each.result === 'refused' && each.cosign === 'accepts');
  console.log(
    `shapes ${new Set(cases.map(({ shape }) => shape)).size}, accepted ${count('accepted')}, ` +
      `falsified and refused ${count('refused')} (${unnoticed.length} of them accepted by cosign), ` +
      `wrong ${wrong}, missing ${isPart ? '-' : lacking.join('; ') || 0}`,
  );
  return wrong === 0 && (isPart || lacking.length === 0);
}

/** A line for each required number of signers. */
function printCounts(cases, isPart) {
  if (cases.length === 0) return isPart;
  const of = (count, result) =>
    cases.filter((each) => each.count === count && (!result || each.result === result)).length;
  printTable([
    ['required signers of three', 'sets', 'accepted', 'refused', 'wrong'],
    ...COUNTS.map((count) =>
      [`${count}`, of(count), of(count, 'accepted'), of(count, 'refused'), of(count, 'wrong')].map(
        String,
      ),
    ),
  ]);
  const wrong = cases.filter(({ result }) => result === 'wrong').length;
  const lacking = COUNTS.filter((count) => of(count) < MIN_PRESENT).length;
  console.log(`combinations ${cases.length}, wrong ${wrong}, missing ${isPart ? '-' : lacking}`);
  return wrong === 0 && (isPart || lacking === 0);
}

function readLines() {
  if (!existsSync(attestationsFile)) return [];
  return readFileSync(attestationsFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
