import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';

/** The lower limit of inputs in a full run. */
const MIN_INPUTS = 5000;

/** The file to which the tests of test/oracles append one JSON line for each comparison (support/tally.ts). */
export const oraclesFile = join(root, 'coverage/oracles.jsonl');

export function removeOracles() {
  rmSync(oraclesFile, { force: true });
}

/**
 * Prints the counts of each oracle, and the total as the last line. False if there was a difference, if an
 * oracle compared nothing, or if a full run had too few inputs; `partial` is a sample,
 * or a run of some test files.
 */
export function printOracles(partial) {
  const totals = new Map();
  for (const { name, inputs, differences } of readLines()) {
    const total = totals.get(name) ?? { inputs: 0, differences: 0 };
    totals.set(name, {
      inputs: total.inputs + inputs,
      differences: total.differences + differences,
    });
  }
  for (const [name, { inputs, differences }] of [...totals].sort(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`  ${name}: inputs ${inputs}, differences ${differences}`);
  }
  const counts = [...totals.values()];
  const sum = (member) => counts.reduce((total, count) => total + count[member], 0);
  const [inputs, differences] = [sum('inputs'), sum('differences')];
  console.log(`oracles ${counts.length}, inputs ${inputs}, differences ${differences}`);
  const enough = counts.length > 0 && (partial || inputs >= MIN_INPUTS);
  return enough && differences === 0 && counts.every((count) => count.inputs > 0);
}

function readLines() {
  if (!existsSync(oraclesFile)) return [];
  return readFileSync(oraclesFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
