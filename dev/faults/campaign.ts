import { type RetryOptions } from '../../src/pulumi/plugin/environment';
import { type RunOutcome, faultsOfEnd, faultsOfRun } from './checks';
import { EngineRun, type Plugin, inProcessPlugin, type State } from './engine';
import { applies, type Fault, FAULTS, type PassedRequest } from './fault';
import type { Recording } from './proxy';
import { type Scene, stepOf } from './scene';

/** One fault at one request of a path. */
export interface Case {
  readonly at: number;
  readonly request: PassedRequest;
  readonly fault: Fault;
  /** Whether temporary failures are retried within the run; else the run fails at once. */
  readonly retries: boolean;
}

export interface CaseResult {
  /** The request into which the fault was injected; `undefined`: the run ended before it. */
  readonly hit: string | undefined;
  readonly failed: unknown;
  /** Empty if the case converged. */
  readonly wrong: readonly string[];
  /** The engine's state at the end. */
  readonly state: State;
}

/** Milliseconds: short only if the response will not come, because a busy machine is slow. */
const timeoutFor = (fault: Fault): number => (fault === 'stalled' ? 500 : 15_000);

/** Short waits, and only as many retries as are needed to show that retries happen. */
function retryOptionsOf(tries: number, timeout: number): RetryOptions {
  return {
    registry: {
      answerTimeout: timeout,
      budget: { throttled: tries, unavailable: tries, dropped: tries, longestWait: 2 },
    },
    services: { timeoutMs: timeout, retries: tries, pauseMs: 1 },
  };
}

/** Runs a path without a fault, and returns its requests. */
export async function requestsOf(scene: Scene): Promise<readonly PassedRequest[]> {
  const recording = await scene.world.proxies.start();
  const { error } = await runOnce(scene, scene.rewind(), recording, inProcessPlugin(scene.world));
  if (error) throw error;
  return [...recording.passed];
}

export function casesOf(requests: readonly PassedRequest[]): readonly Case[] {
  return requests.flatMap((request, at) =>
    FAULTS.filter((fault) => applies(fault, request)).map((fault, position) => ({
      at,
      request,
      fault,
      retries: (at + position) % 2 === 1,
    })),
  );
}

/** Runs the path with the fault, then without it; the result must be the same as without the first run. */
export async function runCase(scene: Scene, { at, fault, retries }: Case): Promise<CaseResult> {
  const state = scene.rewind();
  const options = retryOptionsOf(retries ? 1 : 0, timeoutFor(fault));
  const recording = await scene.world.proxies.start({ at, fault });
  const run = await runOnce(scene, state, recording, inProcessPlugin(scene.world, options));
  const first = faultsOfRun(scene, state, run).map((what) => `after the fault: ${what}`);
  const wrong = [...first, ...(await converge(scene, state))];
  return { hit: recording.hit, failed: run.error, wrong, state };
}

/** Runs the path without a fault, and checks everything that must hold after it. */
export async function converge(scene: Scene, state: State): Promise<readonly string[]> {
  const recording = await scene.world.proxies.start();
  const run = await runOnce(scene, state, recording, inProcessPlugin(scene.world));
  const wrong = faultsOfRun(scene, state, run);
  if (run.error === undefined) return [...wrong, ...(await faultsOfEnd(scene, state))];
  const { message } = run.error as Error;
  return [`the run after the fault failed: ${message}`, ...wrong];
}

export async function runOnce(
  scene: Scene,
  state: State,
  recording: Recording,
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
  return { error, logged: engine.logged, recording };
}
