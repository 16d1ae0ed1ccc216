/** Runs every n-th path, in its own process, and sends the counts to its parent. */
import { casesOf, converge, requestsOf, runCase } from './campaign';
import { cosignFaults, findCosign } from './cosign';
import { killAt, killsOf } from './kill';
import { chosen, oneOf, type Options, readOptions } from './options';
import { type FaultPath, PATHS } from './paths';
import { PluginProcess } from './plugin-process';
import { type Scene, setScene } from './scene';
import { imageAt } from './steps';
import type { State } from './engine';
import { type Counts, noCounts, sum } from './tally';
import { openWorld } from './world';

/** The default limit of cases for one path without `--all`; a build takes seconds. */
const MAX_CASES = 36;
const MAX_BUILD_CASES = 24;
/** The number of kills on a path; 0 for the others without `--all`. */
const KILLS: Readonly<Record<string, number>> = {
  build: 8,
  'key-legacy': 40,
  'keyless-bundle': 40,
  'keyless-both': 12,
  'update-key': 12,
  repair: 12,
  'delete-signatures': 12,
};
/** cosign verifies the first case and then one in so many. */
const COSIGN_EVERY = 20;

class PathRun {
  readonly #cosign = findCosign();
  #counts: Counts = noCounts();

  async run(path: FaultPath, options: Options): Promise<Counts> {
    this.#counts = noCounts();
    const world = await openWorld();
    try {
      const scene = await setScene(world, path);
      const requests = await requestsOf(scene);
      const unmet = await converge(scene, scene.rewind());
      if (unmet.length > 0) throw new Error(unmet.join('\n'));
      const stagger = PATHS.indexOf(path);
      const limit = path.builds && !path.quiet ? MAX_BUILD_CASES : MAX_CASES;
      const faults =
        options.kill === 'only' ? [] : chosen(options, casesOf(requests), { limit, stagger });
      const kills =
        options.kill === 'never' || !(path.name in KILLS || options.all || options.path)
          ? []
          : chosen(options, killsOf(requests), { limit: KILLS[path.name] ?? MAX_CASES, stagger });
      console.log(
        `${path.name}: ${requests.length} requests, ${faults.length} faults, ${kills.length} kills`,
      );
      if (options.list) {
        for (const [at, { service, method, path: target, status, bytes }] of requests.entries()) {
          console.log(`  ${at} ${service} ${method} ${target} -> ${status}, ${bytes} bytes`);
        }
        return this.#counts;
      }
      for (const one of faults) {
        const { hit, failed, wrong, state } = await runCase(scene, one);
        // The run needed fewer requests, so the fault was not injected.
        if (hit === undefined) continue;
        if (failed === undefined) this.#counts.absorbed += 1;
        await this.#count(scene, `${one.at} ${one.fault}: ${hit}`, { failed, wrong, state });
      }
      await this.#killAll(scene, kills);
      return this.#counts;
    } finally {
      await world.close();
    }
  }

  async #killAll(scene: Scene, kills: ReturnType<typeof killsOf>): Promise<void> {
    if (kills.length === 0) return;
    // The next process starts while the current one runs: starting the plugin takes longer than running it.
    let next = PluginProcess.start(scene.world);
    try {
      for (const kill of kills) {
        const plugin = await next;
        next = PluginProcess.start(scene.world);
        const { hit, failed, wrong, state } = await killAt(scene, kill, plugin);
        if (hit === undefined) continue;
        this.#counts.killed += 1;
        const what = `${kill.at} killed ${kill.when}: ${hit}`;
        await this.#count(scene, what, { failed, wrong, state });
      }
    } finally {
      await (await next).close();
    }
  }

  /** Counts a case, and prints it if it did not converge. */
  async #count(
    scene: Scene,
    what: string,
    { failed, wrong, state }: { failed: unknown; wrong: readonly string[]; state: State },
  ): Promise<void> {
    this.#counts.injected += 1;
    const withCosign = this.#cosign !== undefined && this.#counts.injected % COSIGN_EVERY === 1;
    if (withCosign) this.#counts.cosigned += 1;
    const image = imageAt(scene, state);
    const all = [...wrong, ...(withCosign ? await cosignFaults(this.#cosign, scene, image) : [])];
    if (all.length === 0) {
      this.#counts.converged += 1;
      return;
    }
    console.log(`NOT CONVERGED ${scene.path.name} ${what}`);
    console.log(`  error of the run: ${failed instanceof Error ? failed.message : 'none'}`);
    for (const line of all) console.log(`  ${line.replaceAll('\n', '\n  ')}`);
  }
}

/** Several at once, because most of the time is spent waiting. */
const AT_ONCE = 2;

async function main(): Promise<void> {
  const options = readOptions();
  const [lane = 0, lanes = 1] = JSON.parse(process.env['FAULTS_LANE'] ?? '[]') as number[];
  oneOf(
    'path',
    options.path,
    PATHS.map(({ name }) => name),
  );
  const wanted = PATHS.filter(({ name }) => options.path === undefined || name === options.path);
  const waiting = wanted.filter((_, position) => position % lanes === lane);
  const counts: Counts[] = [];
  const work = async (): Promise<void> => {
    for (let path = waiting.shift(); path; path = waiting.shift()) {
      try {
        counts.push(await new PathRun().run(path, options));
      } catch (error) {
        console.log(`${path.name} failed without a fault:`, error);
        counts.push({ ...noCounts(), broken: 1 });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (process.send) await new Promise((sent) => process.send?.(sum(counts), sent));
}

// Ends with its parent process.
process.once('disconnect', () => process.exit(1));

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
