import { cosignWorker } from './cosign';
import { startPluginWorker } from './plugin-worker';
import { keySigner } from './signer';
import type { Traffic } from './traffic';
import type { Worker } from './worker';
import type { World } from './world';

/** The requests to sign and verify one image, by a process that has done so before. */
export interface ImageRequests {
  readonly by: 'plugin' | 'cosign';
  readonly referrersApi: boolean;
  readonly provenance: boolean;
  /** Requests to sign; the others are to verify. */
  readonly signing: number;
  /** Both together: a read in the verification of something that signing has read counts as repeated. */
  readonly all: Traffic;
  readonly lines: readonly string[];
}

/** With a key and without a log, for each kind of registry. Exact counts: time has no influence. */
export async function measureRequests(world: World): Promise<readonly ImageRequests[]> {
  const found: ImageRequests[] = [];
  for (const referrersApi of [true, false]) {
    world.registry.settings.referrersApi = referrersApi;
    const plugin = await startPluginWorker(world, keySigner);
    try {
      // Requests that are sent once in a run are sent for this image.
      await ofOneImage(world, plugin, true);
      for (const provenance of [false, true]) {
        const common = { referrersApi, provenance };
        const ours = await ofOneImage(world, plugin, provenance);
        found.push({ by: 'plugin', ...common, ...ours });
        const theirs = await ofOneImage(world, cosignWorker(world, keySigner), provenance);
        found.push({ by: 'cosign', ...common, ...theirs });
      }
    } finally {
      await plugin.close();
      world.registry.settings.referrersApi = true;
    }
  }
  return found;
}

async function ofOneImage(world: World, worker: Worker, provenance: boolean) {
  const [image = ''] = world.newImages(1);
  const counted = await world.counted(async () => {
    await worker.sign(image, { provenance });
    const signing = world.registry.requests.length;
    await worker.verify(image, { provenance });
    return signing;
  });
  return { signing: counted.result, all: counted.traffic, lines: counted.lines };
}
