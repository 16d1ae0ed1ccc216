import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';

/** The file to which test/proxy appends one JSON line for each proxy. */
export const proxiesFile = join(root, 'coverage/proxies.jsonl');

export function removeProxies() {
  rmSync(proxiesFile, { force: true });
}

/**
 * Prints the last line of `npm run test:proxy`: the number of services that were reached through every proxy, and of
 * connections that bypassed a proxy. False if a service is missing or a connection bypassed a proxy.
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
