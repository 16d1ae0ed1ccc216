import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';

/** The lower limit of hostile responses in a full run. */
const MIN_RESPONSES = 60;

/** The file to which the tests of test/hostile append one JSON line with the counts of what they ran. */
export const hostileResponsesFile = join(root, 'coverage/hostile-responses.jsonl');

export function removeHostileResponses() {
  rmSync(hostileResponsesFile, { force: true });
}

/**
 * Prints the last line of the hostile suite. False if a malicious or malformed response ("lie") was accepted,
 * or if a full run has too few of them; a part of the suite (`args`) may have any number.
 */
export function printHostileResponses(args) {
  if (!existsSync(hostileResponsesFile)) {
    if (args.length === 0) console.log('lies 0, refused 0');
    return args.length > 0;
  }
  const lines = readFileSync(hostileResponsesFile, 'utf8').trim().split('\n');
  const counts = lines.map((line) => JSON.parse(line));
  const sum = (name) => counts.reduce((total, count) => total + count[name], 0);
  const [lies, refused] = [sum('lies'), sum('refused')];
  console.log(`lies ${lies}, refused ${refused}`);
  return lies === refused && (args.length > 0 || lies >= MIN_RESPONSES);
}
