import { cosignWorker } from './cosign';
import type { Plan, SignerKind } from './plan';
import { type PluginWorker, startPluginWorker } from './plugin-worker';
import { type Traffic, trafficOf } from './traffic';
import { onEach, type Worker } from './worker';
import type { Counted, World } from './world';

export const EIGHT = 8;
const WHOLE = { provenance: true } as const;

/** One batch of images: signed and attested, then verified. Times in milliseconds. */
export interface Batch {
  readonly by: 'plugin' | 'cosign';
  readonly signer: SignerKind;
  readonly images: number;
  readonly atOnce: number;
  /** `cold`: with the start of the process; cosign starts one for each step and knows no other. */
  readonly state: 'cold' | 'warm';
  readonly signing: Measured;
  readonly verifying: Measured;
  /** Of both: what is read again in the verification counts as repeated. */
  readonly traffic: Traffic;
  /** Of all, the start included. */
  readonly time: number;
  /** Of the plugin. */
  readonly peakMegabytes?: number | undefined;
  readonly derivations?: { readonly aside: number; readonly blocking: number };
}

export interface Measured {
  readonly time: number;
  readonly traffic: Traffic;
}

const AT_ONCE = [1, EIGHT] as const;

/** The same work by both, each with images of its own, in turns. */
export async function measurePace(
  world: World,
  { signers, beside, alone }: Plan,
  tell: (line: string) => void,
): Promise<readonly Batch[]> {
  const batches: Batch[] = [];
  const sizes = [...beside, ...alone].sort((a, b) => a - b);
  for (const signer of signers) {
    for (const images of sizes) {
      for (const atOnce of AT_ONCE) {
        if (atOnce > 1 && images === 1) continue;
        tell(`${signer}: ${images} images, ${atOnce} at a time`);
        batches.push(...(await pluginBatches(world, signer, images, atOnce)));
        if (!beside.includes(images)) continue;
        const worker = cosignWorker(world, signer);
        const size = { signer, images, atOnce, state: 'cold' } as const;
        batches.push({ by: 'cosign', ...size, ...(await batch(world, worker, images, atOnce)) });
      }
    }
  }
  return batches;
}

/** Cold, and then further images with the same process. */
async function pluginBatches(
  world: World,
  signer: SignerKind,
  images: number,
  atOnce: number,
): Promise<readonly Batch[]> {
  const common = { by: 'plugin', signer, images, atOnce } as const;
  const began = performance.now();
  const worker = await startPluginWorker(world, signer);
  const start = performance.now() - began;
  try {
    const cold = await batch(world, worker, images, atOnce);
    const use = usedBy(worker);
    const warm = await batch(world, worker, images, atOnce);
    return [
      { ...common, state: 'cold', ...cold, time: cold.time + start, ...use },
      { ...common, state: 'warm', ...warm },
    ];
  } finally {
    await worker.close();
  }
}

const usedBy = (worker: PluginWorker) => ({
  peakMegabytes: worker.peakMegabytes(),
  derivations: worker.derivations(),
});

async function batch(world: World, worker: Worker, images: number, atOnce: number) {
  const references = world.newImages(images);
  const timed = (work: (image: string) => Promise<void>): Promise<Counted<number>> =>
    world.counted(async () => {
      const began = performance.now();
      await onEach(references, atOnce, work);
      return performance.now() - began;
    });
  const signing = await timed((image) => worker.sign(image, WHOLE));
  const verifying = await timed((image) => worker.verify(image, WHOLE));
  return {
    signing: { time: signing.result, traffic: signing.traffic },
    verifying: { time: verifying.result, traffic: verifying.traffic },
    traffic: trafficOf(
      [...signing.requests, ...verifying.requests],
      [...signing.services, ...verifying.services],
    ),
    time: signing.result + verifying.result,
  };
}
