import { fork } from 'node:child_process';
import { join } from 'node:path';

import { readOptions } from './options';
import { type Counts, noCounts, sum, summaryOf } from './tally';

const LANES = 2;

/** Runs a part of the paths, in its own process. */
function runLane(lane: number, lanes: number): Promise<Counts> {
  const child = fork(join(__dirname, 'lane.ts'), process.argv.slice(2), {
    execArgv: ['-r', 'ts-node/register/transpile-only'],
    env: { ...process.env, FAULTS_LANE: JSON.stringify([lane, lanes]) },
  });
  return new Promise((resolve) => {
    let counts: Counts = { ...noCounts(), broken: 1 };
    child.once('message', (received: Counts) => (counts = received));
    child.once('exit', () => resolve(counts));
  });
}

async function main(): Promise<void> {
  const options = readOptions();
  const lanes = options.path === undefined ? LANES : 1;
  const counts = sum(
    await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane, lanes))),
  );
  const { broken, injected, converged } = counts;
  if (broken > 0 || (!options.list && (converged < injected || injected === 0))) {
    process.exitCode = 1;
  }
  if (options.list) return;
  for (const line of summaryOf(counts, options.sample)) console.log(line);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
