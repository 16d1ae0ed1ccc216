import { fork } from 'node:child_process';
import { join } from 'node:path';

import { readOptions } from './options';
import { type Counts, noCounts, sum, toldOf } from './tally';

const LANES = 2;

/** A part of the paths, in a process of its own. */
function runLane(lane: number, lanes: number): Promise<Counts> {
  const child = fork(join(__dirname, 'lane.ts'), process.argv.slice(2), {
    execArgv: ['-r', 'ts-node/register/transpile-only'],
    env: { ...process.env, FAULTS_LANE: JSON.stringify([lane, lanes]) },
  });
  return new Promise((resolve, reject) => {
    let counts: Counts | undefined;
    child.once('message', (told: Counts) => (counts = told));
    child.once('exit', () => {
      if (counts) resolve(counts);
      else reject(new Error('a part of the paths was not run to the end'));
    });
  });
}

async function main(): Promise<void> {
  const options = readOptions();
  const lanes = options.path === undefined ? LANES : 1;
  const runs = await Promise.allSettled(
    Array.from({ length: lanes }, (_, lane) => runLane(lane, lanes)),
  );
  const counts = sum(runs.map((run) => (run.status === 'fulfilled' ? run.value : noCounts())));
  const broken = runs.filter(({ status }) => status === 'rejected').length;
  if (options.list && broken === 0) return;
  if (broken > 0) console.log(`${broken} of ${lanes} parts of the paths were not run to the end`);
  for (const line of toldOf(counts, options.sample)) console.log(line);
  if (broken > 0 || counts.converged < counts.injected || counts.injected === 0) {
    process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
