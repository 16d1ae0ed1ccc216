import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';

/** Where test/proxy appends one JSON line for each proxy that it used. */
export const proxiesFile = join(root, 'coverage/proxies.jsonl');

export function forgetProxies() {
  rmSync(proxiesFile, { force: true });
}

/**
 * The last line of `npm run test:proxy`: the services that went through every proxy, and connections past
 * one. False where a service did not, or something went past.
 */
export function printProxies() {
  const lines = existsSync(proxiesFile) ? readFileSync(proxiesFile, 'utf8').trim().split('\n') : [];
  const runs = lines.map((line) => JSON.parse(line));
  const [first = { through: [] }, ...rest] = runs;
  const through = first.through.filter((name) => rest.every((run) => run.through.includes(name)));
  const past = runs.reduce((sum, run) => sum + run.past.length, 0);
  console.log(`services ${through.length} through the proxy, ${past} past it`);
  const isComplete = runs.every((run) => run.through.length === through.length);
  return through.length > 0 && past === 0 && isComplete;
}
