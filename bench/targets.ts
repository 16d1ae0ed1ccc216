import type { Measurements } from './measurements';
import type { Batch } from './pace';
import { EIGHT, type SignerKind } from './plan';
import { ratio, rounded, spread } from './ratio';
import type { Unchanged } from './unchanged';

/** One target, and the value that this run measured. */
export interface Target {
  readonly name: string;
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

/** A target with an upper limit. */
interface Bound {
  readonly name: string;
  readonly unit: string;
  readonly most: number;
  /** `undefined` if this run could not measure it: then the target is not met. */
  readonly measured: number | undefined;
  /** What it was measured on. */
  readonly on?: string;
}

export function targetOf({ name, unit, most, measured, on }: Bound): Target {
  const goal = `at most ${most} ${unit}`;
  if (measured === undefined) return { name, goal, measured: 'not measured', met: false };
  const where = on === undefined ? '' : ` (${on})`;
  return { name, goal, measured: `${rounded(measured)} ${unit}${where}`, met: measured <= most };
}

/** All targets, in the order of docs/explanation/performance.md. */
export function targetsOf(measured: Measurements): readonly Target[] {
  return [
    ...paceTargets(measured.batches),
    ...requestTargets(measured),
    ...costTargets(measured.batches),
    startTarget(measured),
    ...unchangedTargets(measured.unchanged),
    ...keyTargets(measured.batches),
  ];
}

/** The number of images for which the pace is reported. */
const PACE = 100;

/**
 * The plugin's time for 100 images, including the start of the process, over cosign's. A cosign
 * process handles one image, so its time per image does not depend on the number of images and
 * may be measured on fewer.
 */
function paceTargets(batches: readonly Batch[]): readonly Target[] {
  const pace = (signer: SignerKind, theirs: number): Pick<Bound, 'measured' | 'on'> => {
    const all = batches.filter(
      (one) => one.signer === signer && one.state === 'cold' && one.images <= PACE,
    );
    const mine = mostImages(
      all.filter(({ by, atOnce, images }) => by === 'plugin' && (atOnce > 1 || images === 1)),
    );
    const cosigns = mostImages(all.filter((one) => one.by === 'cosign' && one.atOnce === theirs));
    if (!mine || !cosigns) return { measured: undefined };
    const time = (cosigns.time / cosigns.images) * mine.images;
    return {
      measured: ratio(mine.time, time),
      on: `images: ${mine.images}, start included; cosign: ${cosigns.images}`,
    };
  };
  const unit = "of cosign's time";
  return [
    { name: 'key, compared with cosign one at a time', most: 1 / 20, ...pace('key', 1) },
    { name: 'key, both eight at a time', most: 1 / 8, ...pace('key', EIGHT) },
    {
      name: 'keyless, compared with cosign one at a time',
      most: 1 / 4,
      ...pace('keyless', 1),
    },
    { name: 'keyless, both eight at a time', most: 1 / 4, ...pace('keyless', EIGHT) },
  ].map((bound) => targetOf({ ...bound, unit }));
}

const MOST_REQUESTS = { withApi: 9, withoutApi: 11 };

function requestTargets({ requests, batches }: Measurements): readonly Target[] {
  const ours = requests.filter(({ by }) => by === 'plugin');
  const bounds = ours.map(({ referrersApi, provenance, all }): Bound => {
    const most = referrersApi ? MOST_REQUESTS.withApi : MOST_REQUESTS.withoutApi;
    const registry = referrersApi ? 'referrers API' : 'no referrers API';
    const what = provenance ? 'signature and provenance' : 'signature';
    const name = `requests to sign and verify an image: ${what}, ${registry}`;
    return { name, unit: 'requests', most: provenance ? 2 * most : most, measured: all.requests };
  });
  const again = ours.map(({ all }) => all.repeated);
  const largest = largestOf(batches, EIGHT, 'cold');
  return [
    ...bounds.map(targetOf),
    targetOf({
      name: 'repeated reads of immutable content',
      unit: 'requests an image',
      most: 0,
      measured: again.length === 0 ? undefined : Math.max(...again),
    }),
    targetOf({
      name: 'connections to the registry, eight images at a time',
      unit: 'connections',
      most: EIGHT,
      measured: largest?.traffic.connections,
      ...(largest && { on: `requests: ${largest.traffic.requests}` }),
    }),
  ];
}

function largestOf(
  batches: readonly Batch[],
  atOnce: number,
  state: Batch['state'],
  signer: SignerKind = 'key',
): Batch | undefined {
  return mostImages(
    batches.filter(
      (one) =>
        one.by === 'plugin' &&
        one.signer === signer &&
        one.atOnce === atOnce &&
        one.state === state,
    ),
  );
}

function mostImages(batches: readonly Batch[]): Batch | undefined {
  return batches.reduce<Batch | undefined>(
    (most, one) => (most && most.images >= one.images ? most : one),
    undefined,
  );
}

function costTargets(batches: readonly Batch[]): readonly Target[] {
  const many = batches.filter(
    ({ by, signer, atOnce, state, images }) =>
      by === 'plugin' && signer === 'key' && atOnce === EIGHT && state === 'warm' && images >= 10,
  );
  const largest = largestOf(batches, EIGHT, 'cold');
  return [
    targetOf({
      name: 'most expensive image over the cheapest, from 10 images on',
      unit: 'times',
      most: 1.2,
      measured: many.length < 2 ? undefined : spread(many.map(({ time, images }) => time / images)),
      on: `images: ${many.map(({ images }) => images).join(', ')}`,
    }),
    targetOf({
      name: 'peak memory of the plugin',
      unit: 'MB',
      most: 199,
      measured: largest?.peakMegabytes,
      ...(largest && { on: `images: ${largest.images}` }),
    }),
  ];
}

function startTarget({ starts }: Measurements): Target {
  return targetOf({
    name: 'start to first response',
    unit: "of an empty provider's",
    most: 1.3,
    measured: ratio(starts.plugin, starts.empty),
  });
}

function unchangedTargets(unchanged: readonly Unchanged[]): readonly Target[] {
  const most = (always: boolean, count: (one: Unchanged) => number): number | undefined => {
    const found = unchanged.filter((one) => one.always === always).map(count);
    return found.length === 0 ? undefined : Math.max(...found);
  };
  const anImage = ({ traffic, images }: Unchanged): number => traffic.requests / images;
  const writes = unchanged.map(({ traffic }) => traffic.writes);
  const name = 'update with nothing to do';
  return [
    targetOf({
      name: `${name}: writes`,
      unit: 'requests',
      most: 0,
      measured: writes.length === 0 ? undefined : Math.max(...writes),
    }),
    targetOf({
      name: `${name}, verify.always`,
      unit: 'requests an image',
      most: 2,
      measured: most(true, anImage),
    }),
    targetOf({ name, unit: 'requests an image', most: 0, measured: most(false, anImage) }),
  ];
}

function keyTargets(batches: readonly Batch[]): readonly Target[] {
  const [key, keyless] = [
    largestOf(batches, EIGHT, 'cold'),
    largestOf(batches, EIGHT, 'cold', 'keyless'),
  ];
  return [
    targetOf({
      name: 'scrypt derivations for one key',
      unit: 'derivations',
      most: 1,
      measured: key?.derivations && key.derivations.aside + key.derivations.blocking,
      ...(key && { on: `images: ${key.images}` }),
    }),
    targetOf({
      name: 'scrypt derivations on the main thread',
      unit: 'derivations',
      most: 0,
      measured: key?.derivations?.blocking,
    }),
    targetOf({
      name: 'certificates for one identity, within their validity',
      unit: 'requests to Fulcio',
      most: 1,
      measured: keyless?.traffic.fulcio,
      ...(keyless && { on: `images: ${keyless.images}` }),
    }),
  ];
}
