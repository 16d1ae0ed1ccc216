import { parseArgs } from 'node:util';

/** Those whose services are local and count their requests. */
export const SIGNERS = ['key', 'key and log', 'keyless'] as const;
/** With the real Fulcio, Rekor v2 and timestamp authority. */
export const REAL = 'keyless, real services';
export type SignerKind = (typeof SIGNERS)[number] | typeof REAL;
export const EIGHT = 8;

/** How much is measured. */
export interface Plan {
  readonly run: 'full' | 'quick' | 'part';
  readonly signers: readonly SignerKind[];
  /** Numbers of images that the plugin and cosign sign, one and eight at a time; ascending. */
  readonly beside: readonly number[];
  /** Further numbers that only the plugin signs, eight at a time: shows whether the time per image is constant. */
  readonly alone: readonly number[];
  /** Those of these numbers that are measured in a warm process too. */
  readonly warm: Readonly<Partial<Record<SignerKind, readonly number[]>>>;
  /** Numbers of images that both sign with the real services, one and eight at a time. */
  readonly real: readonly number[];
  /** Numbers of images of an update with nothing to do. */
  readonly unchanged: readonly number[];
  /** How often each plugin is started. */
  readonly starts: number;
}

const ALL = [1, 10, 100, 500];

export const FULL: Plan = {
  run: 'full',
  signers: SIGNERS,
  beside: ALL,
  alone: [],
  warm: { key: ALL, 'key and log': ALL, keyless: ALL },
  real: [10],
  unchanged: [1, 100, 500],
  starts: 15,
};

export const QUICK: Plan = {
  run: 'quick',
  signers: ['key', 'keyless'],
  beside: [1, 8],
  alone: [10, 100],
  // The cost per image must not depend on these numbers.
  warm: { key: [10, 100] },
  real: [],
  unchanged: [10],
  starts: 5,
};

/** A number of images to be signed and verified, and how many at a time. */
export interface Size {
  readonly images: number;
  readonly atOnce: number;
  /** Whether cosign does the same. */
  readonly beside: boolean;
  /** Whether a warm process does it too. */
  readonly warm: boolean;
}

/** The sizes that are measured for a signer, the smallest first. */
export function sizesOf(
  { beside, alone }: Pick<Plan, 'beside' | 'alone'>,
  warm: readonly number[],
): readonly Size[] {
  const both = beside.flatMap((images) =>
    // One image is signed one at a time.
    (images === 1 ? [1] : [1, EIGHT]).map((atOnce) => ({ images, atOnce, beside: true })),
  );
  const ours = alone.map((images) => ({ images, atOnce: EIGHT, beside: false }));
  return [...both, ...ours]
    .sort((a, b) => a.images - b.images)
    .map((size) => ({ ...size, warm: warm.includes(size.images) }));
}

/** `--quick`: the small plan. `--images N`: only sizes of at most N images. */
export function readPlan(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false }, images: { type: 'string' } },
  });
  const plan = values.quick ? QUICK : FULL;
  return values.images === undefined ? plan : limited(plan, Number(values.images));
}

function limited(plan: Plan, most: number): Plan {
  if (!Number.isInteger(most) || most < 1)
    throw new Error('--images is a whole number of at least 1');
  const few = (sizes: readonly number[]) => sizes.filter((size) => size <= most);
  const { beside, alone, real, unchanged } = plan;
  return {
    ...plan,
    run: 'part',
    beside: few(beside),
    alone: few(alone),
    real: few(real),
    unchanged: few(unchanged),
  };
}
