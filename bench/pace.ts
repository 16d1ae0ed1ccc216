import { cosignWorker } from './cosign';
import { startRealInstance } from './instance';
import { EIGHT, type Plan, REAL, type SignerKind, type Size, sizesOf } from './plan';
import { type PluginWorker, startPluginWorker } from './plugin-worker';
import { mean } from './ratio';
import { type Signer, signerOf } from './signer';
import { type Traffic, trafficOf } from './traffic';
import { onEach, type Worker } from './worker';
import type { Counted, World } from './world';

const WHOLE = { provenance: true } as const;

/** One batch of images: signed and attested, then verified. Times in milliseconds. */
export interface Batch {
  readonly by: 'plugin' | 'cosign';
  readonly signer: SignerKind;
  readonly images: number;
  readonly atOnce: number;
  /**
   * `cold`: with the start of the process; cosign starts one for each step and knows no other.
   * `warm`: a process that has done other images before.
   */
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

/** Images that a process has done before it is warm, however many are then measured. */
const BEFORE_WARM = 100;
/** So many are measured warm: small batches are repeated, because ten images are over at once. */
const MEASURED_WARM = 200;

interface Setting extends Size {
  readonly signer: Signer;
  /** Images before a warm batch, and how many are then measured at least. */
  readonly before: number;
  readonly atLeast: number;
}

/** The same work by both, each with images of its own, in turns. */
export async function measurePace(
  world: World,
  plan: Plan,
  tell: (line: string) => void,
): Promise<readonly Batch[]> {
  const much = { before: BEFORE_WARM, atLeast: MEASURED_WARM };
  const settings = plan.signers.flatMap((kind) => {
    const signer = signerOf(kind, world.local);
    return sizesOf(plan, plan.warm[kind] ?? []).map((size) => ({ ...size, signer, ...much }));
  });
  return [
    ...(await measured(world, settings, tell)),
    ...(await measureReal(world, plan.real, tell)),
  ];
}

/** With the real services, where they are to be had. */
async function measureReal(
  world: World,
  beside: readonly number[],
  tell: (line: string) => void,
): Promise<readonly Batch[]> {
  if (beside.length === 0) return [];
  const { issuer } = world.sigstore;
  const services = await startRealInstance(issuer, world.folder).catch((error: Error) => {
    tell(`${REAL}: left out: ${error.message}`);
  });
  if (!services) return [];
  try {
    const signer = signerOf(REAL, services);
    // The log takes its time for each: nothing is won by more of them.
    const few = { before: EIGHT, atLeast: 1 };
    const sizes = sizesOf({ beside, alone: [] }, beside);
    const settings = sizes.map((size) => ({ ...size, signer, ...few }));
    return await measured(world, settings, tell);
  } finally {
    await services.stop();
  }
}

async function measured(
  world: World,
  settings: readonly Setting[],
  tell: (line: string) => void,
): Promise<readonly Batch[]> {
  const batches: Batch[] = [];
  for (const setting of settings) {
    const { signer, images, atOnce, beside, warm } = setting;
    tell(`${signer.kind}: ${images} images, ${atOnce} at a time`);
    batches.push(await coldBatch(world, setting));
    if (warm) batches.push(await warmBatch(world, setting));
    if (!beside) continue;
    const size = { signer: signer.kind, images, atOnce, state: 'cold' } as const;
    const theirs = await batch(world, cosignWorker(world, signer), images, atOnce);
    batches.push({ by: 'cosign', ...size, ...theirs });
  }
  return batches;
}

/** The first images of a process, its start included. */
async function coldBatch(world: World, { signer, images, atOnce }: Setting): Promise<Batch> {
  const began = performance.now();
  const worker = await startPluginWorker(world, signer);
  const start = performance.now() - began;
  try {
    const cold = await batch(world, worker, images, atOnce);
    const size = { signer: signer.kind, images, atOnce, state: 'cold' } as const;
    return { by: 'plugin', ...size, ...cold, time: cold.time + start, ...usedBy(worker) };
  } finally {
    await worker.close();
  }
}

/** The same after work that is the same for every number of images; the mean of all batches. */
async function warmBatch(
  world: World,
  { signer, images, atOnce, before, atLeast }: Setting,
): Promise<Batch> {
  const worker = await startPluginWorker(world, signer);
  try {
    await batch(world, worker, before, atOnce);
    const first = await batch(world, worker, images, atOnce);
    const all = [first];
    while (all.length * images < atLeast) {
      all.push(await batch(world, worker, images, atOnce));
    }
    const size = { signer: signer.kind, images, atOnce, state: 'warm' } as const;
    // What is counted is the same each time.
    return {
      by: 'plugin',
      ...size,
      ...first,
      signing: { ...first.signing, time: mean(all.map(({ signing }) => signing.time)) },
      verifying: { ...first.verifying, time: mean(all.map(({ verifying }) => verifying.time)) },
      time: mean(all.map(({ time }) => time)),
    };
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
