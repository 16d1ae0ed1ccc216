import { type RetryOptions } from '../../src/pulumi/plugin/environment';
import { type RunOutcome, faultsOfEnd, faultsOfRun } from './checks';
import { EngineRun, type Plugin, pluginHere, type State } from './engine';
import { applies, type Fault, FAULTS, type PassedRequest } from './fault';
import type { Journey } from './proxy';
import { type Scene, stepOf } from './scene';

/** One fault at one request of a path. */
export interface Case {
  readonly at: number;
  readonly request: PassedRequest;
  readonly fault: Fault;
  /** Whether what may pass is tried again within the run; else the run fails at once. */
  readonly patient: boolean;
}

export interface CaseResult {
  /** What the fault met; `undefined`: the run ended before it. */
  readonly hit: string | undefined;
  readonly failed: unknown;
  /** Nothing: it converged. */
  readonly wrong: readonly string[];
  /** As the engine has it in the end. */
  readonly state: State;
}

/** Milliseconds: short only where nothing will come, for a busy machine is slow. */
const timeoutFor = (fault: Fault): number => (fault === 'stalled' ? 500 : 15_000);

/** Short waits, and no more tries than are needed to see that there are some. */
function patienceOf(tries: number, timeout: number): RetryOptions {
  return {
    registry: {
      answerTimeout: timeout,
      budget: { throttled: tries, unavailable: tries, dropped: tries, longestWait: 2 },
    },
    services: { timeoutMs: timeout, retries: tries, pauseMs: 1 },
  };
}

/** Runs a path without a fault, and answers with its requests. */
export async function requestsOf(scene: Scene): Promise<readonly PassedRequest[]> {
  const journey = await scene.world.proxies.start();
  const { error } = await runOnce(scene, scene.rewind(), journey, pluginHere(scene.world));
  if (error) throw error;
  return [...journey.passed];
}

export function casesOf(requests: readonly PassedRequest[]): readonly Case[] {
  return requests.flatMap((request, at) =>
    FAULTS.filter((fault) => applies(fault, request)).map((fault, position) => ({
      at,
      request,
      fault,
      patient: (at + position) % 2 === 1,
    })),
  );
}

/** With the fault, then without it, and then all must be as if there had been none. */
export async function runCase(scene: Scene, { at, fault, patient }: Case): Promise<CaseResult> {
  const state = scene.rewind();
  const patience = patienceOf(patient ? 1 : 0, timeoutFor(fault));
  const journey = await scene.world.proxies.start({ at, fault });
  const run = await runOnce(scene, state, journey, pluginHere(scene.world, patience));
  const first = faultsOfRun(scene, state, run).map((what) => `after the fault: ${what}`);
  const wrong = [...first, ...(await converge(scene, state))];
  return { hit: journey.hit, failed: run.error, wrong, state };
}

/** The run without a fault, and all that must hold after it. */
export async function converge(scene: Scene, state: State): Promise<readonly string[]> {
  const journey = await scene.world.proxies.start();
  const run = await runOnce(scene, state, journey, pluginHere(scene.world));
  const wrong = faultsOfRun(scene, state, run);
  if (run.error === undefined) return [...wrong, ...(await faultsOfEnd(scene, state))];
  const { message } = run.error as Error;
  return [`the run after the fault failed: ${message}`, ...wrong];
}

export async function runOnce(
  scene: Scene,
  state: State,
  journey: Journey,
  plugin: Plugin,
): Promise<RunOutcome> {
  const engine = new EngineRun(state, plugin);
  let error: unknown;
  try {
    await scene.path.run(stepOf(scene, engine));
  } catch (thrown) {
    error = thrown;
  }
  await engine.close();
  return { error, said: engine.said, journey };
}
