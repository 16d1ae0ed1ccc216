import { parseArgs } from 'node:util';

import { type Case, casesOf, requestsOf, runCase } from './campaign';
import { type FaultPath, PATHS } from './paths';
import { setScene } from './scene';
import { openWorld } from './world';

const LANES = 3;

interface Tally {
  injected: number;
  converged: number;
  /** Faults that the run itself got over. */
  absorbed: number;
}

interface Choice {
  readonly path: string | undefined;
  /** Number of one request, counted from 0. */
  readonly only: number | undefined;
  readonly fault: string | undefined;
  readonly list: boolean;
  /** One case in so many. */
  readonly every: number;
}

function choice(): Choice {
  const { values } = parseArgs({
    options: {
      path: { type: 'string' },
      only: { type: 'string' },
      fault: { type: 'string' },
      list: { type: 'boolean', default: false },
      every: { type: 'string', default: '1' },
    },
  });
  const { path, only, fault, list, every } = values;
  return {
    path,
    only: only === undefined ? undefined : Number(only),
    fault,
    list,
    every: Number(every),
  };
}

const chosen = (options: Choice, { at, fault }: Case, position: number): boolean =>
  (options.only === undefined || at === options.only) &&
  (options.fault === undefined || fault === options.fault) &&
  position % options.every === 0;

async function runPath(path: FaultPath, options: Choice, tally: Tally): Promise<void> {
  const world = await openWorld();
  try {
    const scene = await setScene(world, path);
    const requests = await requestsOf(scene);
    console.log(`${path.name}: ${requests.length} requests`);
    if (options.list) {
      for (const [at, { service, method, path: target, status, bytes }] of requests.entries()) {
        console.log(`  ${at} ${service} ${method} ${target} -> ${status}, ${bytes} bytes`);
      }
      return;
    }
    const cases = casesOf(requests).filter((one, position) => chosen(options, one, position));
    for (const one of cases) {
      const { hit, failed, wrong } = await runCase(scene, one);
      if (hit === undefined) continue;
      tally.injected += 1;
      if (failed === undefined) tally.absorbed += 1;
      if (wrong.length === 0) {
        tally.converged += 1;
        continue;
      }
      const { at, fault, patient } = one;
      console.log(
        `NOT CONVERGED ${path.name} ${at} ${fault}${patient ? ' (patient)' : ''}: ${hit}`,
      );
      console.log(
        `  the run said: ${failed instanceof Error ? failed.message : 'nothing, it passed'}`,
      );
      for (const what of wrong) console.log(`  ${what.replaceAll('\n', '\n  ')}`);
    }
  } finally {
    await world.close();
  }
}

async function main(): Promise<void> {
  const options = choice();
  const queue = PATHS.filter(({ name }) => options.path === undefined || name === options.path);
  const tally: Tally = { injected: 0, converged: 0, absorbed: 0 };
  const waiting = [...queue];
  const lane = async (): Promise<void> => {
    for (let path = waiting.shift(); path; path = waiting.shift()) {
      await runPath(path, options, tally);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const { injected, converged, absorbed } = tally;
  console.log(
    `${absorbed} faults were got over within the run, ${injected - absorbed} by the next one`,
  );
  console.log(`injected ${injected}, converged ${converged}, lost ${injected - converged}`);
  if (converged < injected || (injected === 0 && !options.list)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
