import { cosignWorker } from './cosign';
import { startRealInstance } from './instance';
import { EIGHT, type Plan, REAL, type SignerKind, type Size, sizesOf } from './plan';
import { type PluginWorker, startPluginWorker } from './plugin-worker';
import { mean } from './ratio';
import { type Signer, signerOf } from './signer';
import { type Traffic, trafficOf } from './traffic';
import { turnsOf } from './turns';
import { onEach, type Worker } from './worker';
import type { Counted, World } from './world';

const WHOLE = { provenance: true } as const;

/** What was measured of one batch. */
interface Work {
  readonly signing: Measured;
  readonly verifying: Measured;
  /** Of both: a read in the verification of something that signing has read counts as repeated. */
  readonly traffic: Traffic;
  /** Of everything, the start included. */
  readonly time: number;
}

/** One batch of images: signed and attested, then verified. Times in milliseconds. */
export interface Batch extends Work {
  readonly by: 'plugin' | 'cosign';
  readonly signer: SignerKind;
  readonly images: number;
  readonly atOnce: number;
  /**
   * `cold`: includes the start of the process; cosign starts a process for each step, so it is always cold.
   * `warm`: the process has processed other images before.
   */
  readonly state: 'cold' | 'warm';
  /** Of the plugin only. */
  readonly peakMegabytes?: number | undefined;
  readonly derivations?: { readonly aside: number; readonly blocking: number };
}

export interface Measured {
  readonly time: number;
  readonly traffic: Traffic;
}

/** How many images warm a process up, and how many are then measured. */
interface Warmth {
  /** Images that are processed before, independent of the number that is measured. */
  readonly before: number;
  /** Lower limit of measured images: small batches are repeated, because ten images take too little time. */
  readonly atLeast: number;
}

const WARMTH: Warmth = { before: 100, atLeast: 200 };
/** The real log takes long enough for each image; more images would not improve the measurement. */
const REAL_WARMTH: Warmth = { before: EIGHT, atLeast: 1 };

/** The same work by both, each with its own images, alternately. */
export async function measurePace(
  world: World,
  plan: Plan,
  log: (line: string) => void,
): Promise<readonly Batch[]> {
  const batches: Batch[] = [];
  for (const kind of plan.signers) {
    const sizes = sizesOf(plan, plan.warm[kind] ?? []);
    batches.push(...(await measured(world, signerOf(kind, world.local), sizes, WARMTH, log)));
  }
  return [...batches, ...(await measureReal(world, plan.real, log))];
}

/** With the real services, if they are available. */
async function measureReal(
  world: World,
  beside: readonly number[],
  log: (line: string) => void,
): Promise<readonly Batch[]> {
  if (beside.length === 0) return [];
  const { issuer } = world.sigstore;
  const services = await startRealInstance(issuer, world.folder).catch((error: Error) => {
    log(`${REAL}: skipped: ${error.message}`);
  });
  if (!services) return [];
  try {
    const sizes = sizesOf({ beside, alone: [] }, beside);
    return await measured(world, signerOf(REAL, services), sizes, REAL_WARMTH, log);
  } finally {
    await services.stop();
  }
}

async function measured(
  world: World,
  signer: Signer,
  sizes: readonly Size[],
  warmth: Warmth,
  log: (line: string) => void,
): Promise<readonly Batch[]> {
  const batches: Batch[] = [];
  for (const { images, atOnce, beside } of sizes) {
    log(`${signer.kind}: ${images} images, ${atOnce} at a time`);
    const size = { signer: signer.kind, images, atOnce, state: 'cold' } as const;
    batches.push({ by: 'plugin', ...size, ...(await coldBatch(world, signer, images, atOnce)) });
    if (!beside) continue;
    const theirs = await batch(world, cosignWorker(world, signer), images, atOnce);
    batches.push({ by: 'cosign', ...size, ...theirs });
  }
  for (const many of [1, EIGHT]) {
    const again = sizes.filter(({ warm, atOnce }) => warm && atOnce === many);
    if (again.length === 0) continue;
    log(`${signer.kind}: warm, ${many} at a time`);
    batches.push(...(await warmBatches(world, signer, again, warmth)));
  }
  return batches;
}

/** The first images of a process, its start included. */
async function coldBatch(world: World, signer: Signer, images: number, atOnce: number) {
  const began = performance.now();
  const worker = await startPluginWorker(world, signer);
  const start = performance.now() - began;
  try {
    const cold = await batch(world, worker, images, atOnce);
    return { ...cold, time: cold.time + start, ...usedBy(worker) };
  } finally {
    await worker.close();
  }
}

/**
 * Measures after warm-up work that is the same for every number of images. Each number has its own
 * process, which processes several batches; the processes alternate, so that other load on the
 * machine affects all of them.
 */
async function warmBatches(
  world: World,
  signer: Signer,
  sizes: readonly Size[],
  { before, atLeast }: Warmth,
): Promise<readonly Batch[]> {
  const runs: { size: Size; worker: Worker; done: Work[] }[] = [];
  try {
    for (const size of sizes) {
      const worker = await startPluginWorker(world, signer);
      runs.push({ size, worker, done: [] });
      await batch(world, worker, before, size.atOnce);
    }
    const numbers = sizes.map(({ images }) => images);
    for (const next of turnsOf(numbers, atLeast)) {
      const run = runs[next];
      run?.done.push(await batch(world, run.worker, run.size.images, run.size.atOnce));
    }
    return runs.map(({ size: { images, atOnce }, done }) => {
      const size = { signer: signer.kind, images, atOnce, state: 'warm' } as const;
      return { by: 'plugin', ...size, ...meanOf(done) };
    });
  } finally {
    await Promise.all(runs.map(({ worker }) => worker.close()));
  }
}

const usedBy = (worker: PluginWorker) => ({
  peakMegabytes: worker.peakMegabytes(),
  derivations: worker.derivations(),
});

/** The mean of batches of one size; the counts are the same each time. */
function meanOf(batches: readonly Work[]): Work {
  const [first] = batches;
  if (!first) throw new Error('nothing was measured');
  return {
    signing: { ...first.signing, time: mean(batches.map(({ signing }) => signing.time)) },
    verifying: { ...first.verifying, time: mean(batches.map(({ verifying }) => verifying.time)) },
    traffic: first.traffic,
    time: mean(batches.map(({ time }) => time)),
  };
}

async function batch(world: World, worker: Worker, images: number, atOnce: number): Promise<Work> {
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
