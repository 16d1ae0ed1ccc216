import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';

const folder = join(root, 'coverage/tally');

export const tallyFile = (suite) => join(folder, `${suite}.json`);

export function removeTally(suite) {
  rmSync(tallyFile(suite), { force: true });
}

/** Prints one line for CI: the sum over the suites that ran. */
export function printTally() {
  mkdirSync(folder, { recursive: true });
  const counts = readdirSync(folder).map((name) =>
    JSON.parse(readFileSync(join(folder, name), 'utf8')),
  );
  const sum = (member) => counts.reduce((total, count) => total + count[member], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
}
