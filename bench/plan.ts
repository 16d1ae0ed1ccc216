import { parseArgs } from 'node:util';

export const SIGNERS = ['key', 'key and log', 'keyless'] as const;
export type SignerKind = (typeof SIGNERS)[number];

/** How much is measured. */
export interface Plan {
  readonly run: 'full' | 'quick' | 'part';
  readonly signers: readonly SignerKind[];
  /** Numbers of images that both we and cosign sign; ascending. */
  readonly beside: readonly number[];
  /** Further ones, that only we sign: to see whether the cost of an image stays the same. */
  readonly alone: readonly number[];
  /** Numbers of images of an update with nothing to do. */
  readonly unchanged: readonly number[];
  /** How often each plugin is started. */
  readonly starts: number;
}

export const FULL: Plan = {
  run: 'full',
  signers: SIGNERS,
  beside: [1, 10, 100, 500],
  alone: [],
  unchanged: [1, 100, 500],
  starts: 15,
};

export const QUICK: Plan = {
  run: 'quick',
  signers: ['key', 'keyless'],
  beside: [1, 6],
  alone: [10, 40],
  unchanged: [1, 10],
  starts: 5,
};

/** `--quick`; `--images N`: nothing with more than N images, for a look at one thing. */
export function readPlan(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false }, images: { type: 'string' } },
  });
  const plan = values.quick ? QUICK : FULL;
  return values.images === undefined ? plan : limited(plan, Number(values.images));
}

function limited(plan: Plan, most: number): Plan {
  if (!Number.isInteger(most) || most < 1) throw new Error('--images is a whole number, 1 or more');
  const few = (sizes: readonly number[]) => sizes.filter((size) => size <= most);
  const { beside, alone, unchanged } = plan;
  return {
    ...plan,
    run: 'part',
    beside: few(beside),
    alone: few(alone),
    unchanged: few(unchanged),
  };
}
