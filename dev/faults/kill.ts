import { type CaseResult, converge, runOnce } from './campaign';
import { faultsOfRun } from './checks';
import { type PluginProcess } from './plugin-process';
import type { Interruption } from './proxy';
import type { Scene } from './scene';

/** A kill of the plugin's process at one request of a path. */
export interface Kill {
  readonly at: number;
  /** Before the service receives the request, or after its response and before that arrives. */
  readonly when: Interruption['when'];
}

export function killsOf(requests: readonly unknown[]): readonly Kill[] {
  return requests.flatMap((_, at) => [
    { at, when: 'before' as const },
    { at, when: 'after' as const },
  ]);
}

/**
 * Kills the plugin, and runs again. An engine whose plugin ends keeps its previous state:
 * none for a resource that was being created, the old one for a resource that was being updated.
 */
export async function killAt(
  scene: Scene,
  { at, when }: Kill,
  plugin: PluginProcess,
): Promise<CaseResult> {
  const state = scene.rewind();
  const fault = { when, act: () => plugin.kill() };
  const recording = await scene.world.proxies.start({ at, fault });
  const { logged } = plugin;
  const run = await runOnce(scene, state, recording, plugin);
  // The error is omitted: the engine's message for an ended plugin is not ours.
  const after = faultsOfRun(scene, state, { error: undefined, logged, recording });
  const wrong = [...after, ...(await converge(scene, state))];
  return { hit: recording.hit, failed: run.error, wrong, state };
}
