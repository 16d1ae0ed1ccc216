import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root, log } from './process.mjs';

/** Prints the number of files in src/ and their lengths: many very short files are as hard to read as few long ones. */
export function printFileSizes() {
  const lengths = readdirSync(join(root, 'src'), { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, 'src', name), 'utf8').split('\n').length - 1)
    .sort((a, b) => a - b);
  const median = lengths[Math.floor(lengths.length / 2)];
  log(`files ${lengths.length}, median ${median} lines, largest ${lengths.at(-1)}`);
  return 0;
}
