import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';

/** The fewest lies that a whole run tells. */
const FEWEST = 60;

/** Where the tests of test/hostile append one JSON line each for what they really ran. */
export const liesFile = join(root, 'coverage/lies.jsonl');

export function forgetLies() {
  rmSync(liesFile, { force: true });
}

/**
 * The last line of the hostile suite. False when a lie was believed, or too few were told; a run of
 * a part (`args`) may tell as few as it likes.
 */
export function tellLies(args) {
  if (!existsSync(liesFile)) {
    if (args.length === 0) console.log('lies 0, refused 0');
    return args.length > 0;
  }
  const lines = readFileSync(liesFile, 'utf8').trim().split('\n');
  const counts = lines.map((line) => JSON.parse(line));
  const sum = (name) => counts.reduce((total, count) => total + count[name], 0);
  const [lies, refused] = [sum('lies'), sum('refused')];
  console.log(`lies ${lies}, refused ${refused}`);
  return lies === refused && (args.length > 0 || lies >= FEWEST);
}
