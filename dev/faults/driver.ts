/**
 * One run of a path in a process of its own, which may be killed at any moment: told over its IPC
 * channel, and the state comes back the same way.
 */
import { EngineRun, type State } from './engine';
import { PATHS, type Reachable } from './paths';
import type { World } from './world';

/** What the driver needs of the world, which is in another process. */
export type Remote = Omit<Reachable, 'store'> & Pick<World, 'env' | 'folder'>;

export interface Order {
  readonly path: string;
  readonly image: string;
  readonly world: Remote;
}

async function drive({ path: name, image, world }: Order): Promise<State> {
  const path = PATHS.find((each) => each.name === name);
  if (!path) throw new Error(`no path ${name}`);
  const engine = new EngineRun(world, {}, {});
  try {
    await path.run({ world, engine, image, path });
    return engine.state;
  } finally {
    await engine.close();
  }
}

process.once('message', (order: Order) => {
  drive(order).then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
