import { type CaseResult, converge, runOnce } from './campaign';
import { faultsOfRun } from './checks';
import { type PluginProcess } from './plugin-process';
import type { Interruption } from './proxy';
import type { Scene } from './scene';

/** The end of the plugin's process at one request of a path. */
export interface Kill {
  readonly at: number;
  /** Before the service hears of the request, or once it has answered and before that arrives. */
  readonly when: Interruption['when'];
}

export function killsOf(requests: readonly unknown[]): readonly Kill[] {
  return requests.flatMap((_, at) => [
    { at, when: 'before' as const },
    { at, when: 'after' as const },
  ]);
}

/**
 * Kills the plugin, and runs again. An engine whose plugin goes away keeps the state that it had:
 * none of a resource whose creation was cut, the old one of a resource that was being updated.
 */
export async function killAt(
  scene: Scene,
  { at, when }: Kill,
  plugin: PluginProcess,
): Promise<CaseResult> {
  const state = scene.rewind();
  const fault = { when, act: () => plugin.kill() };
  const journey = await scene.world.proxies.start({ at, fault });
  const { said } = plugin;
  const run = await runOnce(scene, state, journey, plugin);
  // How the engine says that its plugin went away is not ours.
  const after = faultsOfRun(scene, state, { error: undefined, said, journey });
  const wrong = [...after, ...(await converge(scene, state))];
  return { hit: journey.hit, failed: run.error, wrong, state };
}
