import type { Measurements } from './measurements';
import type { Batch } from './pace';
import type { Series } from './plot';
import { EIGHT, REAL, type SignerKind } from './plan';
import { ratio, rounded } from './ratio';
import { type Target, targetsOf } from './targets';
import type { Traffic } from './traffic';

/** What is written to the file: ratios of one run, and counts, without times, addresses and host names. */
export interface Results {
  readonly run: string;
  readonly targets: readonly Target[];
  /** `cost`: time of an image over that of cosign, one image at a time, for the same work. */
  readonly batches: readonly BatchResult[];
  readonly requests: Measurements['requests'];
  readonly unchanged: readonly UnchangedResult[];
}

export interface BatchResult {
  readonly by: Batch['by'];
  readonly signer: SignerKind;
  readonly images: number;
  readonly atOnce: number;
  readonly state: Batch['state'];
  readonly cost: number;
  /** The part for signing and attesting; the rest is for verification and the start of the process. */
  readonly signingCost: number;
  readonly verifyingCost: number;
  /** Counts per image. */
  readonly registryRequests: number;
  /** Missing for the real services, which do not report their requests. */
  readonly fulcioRequests?: number;
  readonly rekorRequests?: number;
  readonly bytes: number;
  readonly repeatedReads: number;
  readonly connections: number;
  readonly peakMegabytes?: number | undefined;
}

export interface UnchangedResult {
  readonly images: number;
  readonly always: boolean;
  /** The time of the update over that of the first one, which signed the images. */
  readonly cost: number;
  readonly traffic: Traffic;
  readonly lines: readonly string[];
}

export function resultsOf(run: string, measured: Measurements): Results {
  return {
    run,
    targets: targetsOf(measured),
    batches: measured.batches.map((batch) => batchResult(batch, measured.batches)),
    requests: measured.requests,
    unchanged: measured.unchanged.map(({ images, always, time, first, traffic, lines }) => ({
      images,
      always,
      cost: rounded(ratio(time, first)),
      traffic,
      lines,
    })),
  };
}

/** The reference time of an image: cosign, one image at a time, of its largest batch. */
function referenceTime(signer: SignerKind, batches: readonly Batch[]): number {
  const [first, ...others] = batches.filter(
    (one) => one.by === 'cosign' && one.signer === signer && one.atOnce === 1,
  );
  if (!first) throw new Error(`cosign was not measured: ${signer}`);
  const largest = others.reduce((most, one) => (one.images > most.images ? one : most), first);
  return largest.time / largest.images;
}

function batchResult(batch: Batch, batches: readonly Batch[]): BatchResult {
  const { by, signer, images, atOnce, state, signing, verifying, traffic, time, peakMegabytes } =
    batch;
  const all = images * referenceTime(signer, batches);
  const each = (name: keyof Traffic): number => rounded(traffic[name] / images);
  return {
    by,
    signer,
    images,
    atOnce,
    state,
    cost: rounded(ratio(time, all)),
    signingCost: rounded(ratio(signing.time, all)),
    verifyingCost: rounded(ratio(verifying.time, all)),
    registryRequests: each('requests'),
    ...(signer !== REAL && { fulcioRequests: each('fulcio'), rekorRequests: each('rekor') }),
    bytes: Math.round(traffic.bytes / images),
    repeatedReads: each('repeated'),
    connections: traffic.connections,
    ...(peakMegabytes !== undefined && { peakMegabytes }),
  };
}

const DRAWN: readonly SignerKind[] = ['key', 'keyless'];

/**
 * One line for each combination of program, signer (key or keyless) and concurrency, over all sizes,
 * including the start of the process; and one of the warm process, whose cost must be constant.
 */
export function seriesOf({ batches }: Results): readonly Series[] {
  const lines = new Map<string, { images: number; cost: number }[]>();
  for (const { by, signer, images, atOnce, state, cost } of batches) {
    const warm = state === 'warm';
    if (!DRAWN.includes(signer) || (warm && (signer !== 'key' || atOnce !== EIGHT))) continue;
    const name = `${by}, ${signer}, ${atOnce} at a time${warm ? ', warm' : ''}`;
    const points = lines.get(name) ?? [];
    points.push({ images, cost });
    lines.set(name, points);
  }
  return [...lines].map(([name, points]) => ({ name, points }));
}
