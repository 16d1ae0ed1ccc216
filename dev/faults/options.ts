import { parseArgs } from 'node:util';

import { FAULTS } from './fault';

/** The selection of cases. */
export interface Options {
  readonly path: string | undefined;
  /** Index of one request, from 0. */
  readonly only: number | undefined;
  readonly fault: string | undefined;
  /** Lists the requests only. */
  readonly list: boolean;
  /** Runs all cases of long paths. */
  readonly all: boolean;
  /** Runs one in so many of the selected cases, beginning with the case `offset`. */
  readonly sample: number;
  readonly offset: number;
  /** Whether processes are killed in addition to faults, instead of faults, or never. */
  readonly kill: 'also' | 'only' | 'never';
}

export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      path: { type: 'string' },
      only: { type: 'string' },
      fault: { type: 'string' },
      list: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      kill: { type: 'boolean', default: false },
      sample: { type: 'string', default: '1' },
      offset: { type: 'string', default: '0' },
    },
  });
  const { path, only, fault, list, all, kill, sample, offset } = values;
  oneOf('fault', fault, FAULTS);
  return {
    path,
    only: only === undefined ? undefined : whole('only', only, 0),
    fault,
    list,
    all,
    sample: whole('sample', sample, 1),
    offset: whole('offset', offset, 0),
    kill: kill ? 'only' : fault === undefined ? 'also' : 'never',
  };
}

export function oneOf(name: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return;
  throw new Error(`--${name} must be one of: ${known.join(', ')}`);
}

function whole(name: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  throw new Error(`--${name} must be a whole number of at least ${least}`);
}

/**
 * Selects cases of one path: at most `limit`, evenly spread over the requests, without `--all`;
 * and of these the sample, which begins at another case (`stagger`) in each path.
 */
export function chosen<Case extends { readonly at: number; readonly fault?: string }>(
  { only, fault, all, sample, offset }: Options,
  cases: readonly Case[],
  { limit, stagger }: { readonly limit: number; readonly stagger: number },
): readonly Case[] {
  const wanted = cases.filter(
    (one) =>
      (only === undefined || one.at === only) && (fault === undefined || one.fault === fault),
  );
  const every = all || only !== undefined ? 1 : Math.ceil(wanted.length / limit);
  return wanted
    .filter((_, position) => position % every === 0)
    .filter((_, position) => position % sample === (offset + stagger) % sample);
}
