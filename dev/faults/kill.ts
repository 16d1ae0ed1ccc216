import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

import { converge } from './campaign';
import { faultsOfRun } from './checks';
import type { Order } from './driver';
import type { Scene } from './scene';

/** A process that has loaded the plugin and waits for its order. */
export function forkDriver(): ChildProcess {
  const child = fork(join(__dirname, 'driver.ts'), [], {
    execArgv: ['-r', 'ts-node/register/transpile-only'],
    stdio: 'ignore',
  });
  // It is killed while it is spoken to: that is what it is for.
  child.on('error', () => undefined);
  return child;
}

export interface Killed {
  readonly hit: string | undefined;
  readonly wrong: readonly string[];
}

/**
 * Kills the plugin once the n-th request has been answered by its service, before the answer
 * arrives. The next run has no state, as an engine has none of a resource whose creation was cut.
 */
export async function killAt(scene: Scene, at: number, child: ChildProcess): Promise<Killed> {
  const { world, path, image } = scene;
  const state = scene.rewind();
  const journey = await world.proxies.start({ at, fault: () => void child.kill('SIGKILL') });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const { env, folder, services, issuer, trustedRoot, keys } = world;
  const { keyPassword, registryPassword } = world;
  const remote = { env, folder, services, issuer, trustedRoot, keys };
  const told = { ...remote, keyPassword, registryPassword };
  const order: Order = { path: path.name, image, world: told };
  child.send(order);
  await ended;
  const after = faultsOfRun(scene, state, { error: undefined, said: [] });
  return { hit: journey.hit, wrong: [...after, ...(await converge(scene, state))] };
}
