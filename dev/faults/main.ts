import { casesOf, requestsOf, runCase } from './campaign';
import { cosignFaults, findCosign } from './cosign';
import { forkDriver, killAt } from './kill';
import { chosen, type Options, readOptions } from './options';
import { type FaultPath, PATHS } from './paths';
import { type Scene, setScene } from './scene';
import { openWorld } from './world';

const LANES = 3;
const COSIGN_EVERY = 25;
/** Paths on which the plugin is killed, and at one request in how many unless all are asked for. */
const KILLED: Readonly<Record<string, number>> = { 'key-bundle': 2, 'keyless-both': 6 };

/** What came of all cases. */
class Tally {
  injected = 0;
  converged = 0;
  /** Faults that the run itself got over. */
  absorbed = 0;
  killed = 0;
  readonly cosign = findCosign();
  cosigned = 0;

  /** Counts a case, and prints it if it did not converge. */
  async count(scene: Scene, what: string, said: unknown, wrong: readonly string[]): Promise<void> {
    this.injected += 1;
    const asked = this.cosign !== undefined && this.injected % COSIGN_EVERY === 0;
    if (asked) this.cosigned += 1;
    const all = [...wrong, ...(asked ? await cosignFaults(this.cosign, scene) : [])];
    if (all.length === 0) {
      this.converged += 1;
      return;
    }
    console.log(`NOT CONVERGED ${scene.path.name} ${what}`);
    console.log(`  the run said: ${said instanceof Error ? said.message : 'nothing'}`);
    for (const line of all) console.log(`  ${line.replaceAll('\n', '\n  ')}`);
  }
}

async function runPath(path: FaultPath, options: Options, tally: Tally): Promise<void> {
  const world = await openWorld();
  try {
    const scene = await setScene(world, path);
    const requests = await requestsOf(scene);
    const cases = options.kill === 'only' ? [] : chosen(options, casesOf(requests));
    console.log(`${path.name}: ${requests.length} requests, ${cases.length} faults`);
    if (options.list) {
      for (const [at, { service, method, path: target, status, bytes }] of requests.entries()) {
        console.log(`  ${at} ${service} ${method} ${target} -> ${status}, ${bytes} bytes`);
      }
      return;
    }
    for (const one of cases) {
      const { hit, failed, wrong } = await runCase(scene, one);
      // A run that a smaller number of requests was enough for never met it.
      if (hit === undefined) continue;
      if (failed === undefined) tally.absorbed += 1;
      await tally.count(scene, `${one.at} ${one.fault}: ${hit}`, failed, wrong);
    }
    const step = options.every ?? KILLED[path.name];
    if (options.kill !== 'not' && path.name in KILLED) {
      const numbers = requests.map((_, at) => at).filter((at) => at % (step ?? 1) === 0);
      await killAll(scene, options.only === undefined ? numbers : [options.only], tally);
    }
  } finally {
    await world.close();
  }
}

async function killAll(scene: Scene, numbers: readonly number[], tally: Tally): Promise<void> {
  // One waits while another is killed: to load the plugin takes longer than to run it.
  let next = forkDriver();
  try {
    for (const at of numbers) {
      const child = next;
      next = forkDriver();
      const { hit, wrong } = await killAt(scene, at, child);
      if (hit === undefined) continue;
      tally.killed += 1;
      await tally.count(scene, `${at} killed: ${hit}`, undefined, wrong);
    }
  } finally {
    next.kill('SIGKILL');
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  const waiting = PATHS.filter(({ name }) => options.path === undefined || name === options.path);
  const tally = new Tally();
  const lane = async (): Promise<void> => {
    for (let path = waiting.shift(); path; path = waiting.shift()) {
      await runPath(path, options, tally);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (options.list) return;
  const { injected, converged, absorbed, killed, cosigned } = tally;
  console.log(
    `${absorbed} faults were got over within the run, ${injected - absorbed - killed} by the next one; ` +
      `${killed} processes were killed; cosign looked at ${cosigned}`,
  );
  console.log(`injected ${injected}, converged ${converged}, lost ${injected - converged}`);
  if (converged < injected || injected === 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
