import type { Measurements } from './measurements';
import type { Batch } from './pace';
import { EIGHT, type SignerKind } from './plan';
import { ratio, rounded, spread } from './ratio';
import type { Unchanged } from './unchanged';

/** One thing to reach, and what this run measured. */
export interface Target {
  readonly name: string;
  readonly goal: string;
  readonly measured: string;
  readonly met: boolean;
}

/** Something to reach, of which the most that is good is known. */
interface Bound {
  readonly name: string;
  readonly unit: string;
  readonly most: number;
  /** `undefined`: this run or this machine could not measure it, so it is not met. */
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

/** Each target of the project, in the order in which docs/performance.md has them. */
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

/** As many images as the pace is told of. */
const PACE = 100;

/**
 * Our time for 100 images, from the start of the process on, over cosign's. It has a process for
 * each step and knows no other image: its time for one is the same however many there are, so it
 * may have been measured on fewer.
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
    { name: 'key, beside cosign one after the other', most: 1 / 20, ...pace('key', 1) },
    { name: 'key, both eight at a time', most: 1 / 8, ...pace('key', EIGHT) },
    {
      name: 'keyless, beside cosign one after the other',
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
      name: 'immutable bytes that are fetched again',
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
      name: 'the dearest image over the cheapest, from 10 images on',
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
    name: 'start to first answer',
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
      name: 'scrypt of one key',
      unit: 'derivations',
      most: 1,
      measured: key?.derivations && key.derivations.aside + key.derivations.blocking,
      ...(key && { on: `images: ${key.images}` }),
    }),
    targetOf({
      name: 'scrypt on the main thread',
      unit: 'derivations',
      most: 0,
      measured: key?.derivations?.blocking,
    }),
    targetOf({
      name: 'certificates of one identity, within their validity',
      unit: 'requests to Fulcio',
      most: 1,
      measured: keyless?.traffic.fulcio,
      ...(keyless && { on: `images: ${keyless.images}` }),
    }),
  ];
}
