import { parseArgs } from 'node:util';

import type { Case } from './campaign';

/** Which cases are run. */
export interface Options {
  readonly path: string | undefined;
  /** Number of one request, counted from 0. */
  readonly only: number | undefined;
  readonly fault: string | undefined;
  /** Only list the requests. */
  readonly list: boolean;
  /** One case in so many; default: all of short paths, some of long ones. */
  readonly every: number | undefined;
  /** Whether processes are killed too, and only that. */
  readonly kill: 'too' | 'only' | 'not';
}

export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      path: { type: 'string' },
      only: { type: 'string' },
      fault: { type: 'string' },
      list: { type: 'boolean', default: false },
      every: { type: 'string' },
      all: { type: 'boolean', default: false },
      kill: { type: 'boolean', default: false },
    },
  });
  const { path, only, fault, list, every, all, kill } = values;
  return {
    path,
    only: only === undefined ? undefined : Number(only),
    fault,
    list,
    every: all ? 1 : every === undefined ? undefined : Number(every),
    kill: kill ? 'only' : fault === undefined ? 'too' : 'not',
  };
}

/** Cases of one path that are run unless more is asked for. */
const ENOUGH = 48;

/** Evenly spread over the requests; what a sample leaves out is run with `--all`. */
export function chosen(options: Options, cases: readonly Case[]): readonly Case[] {
  const wanted = cases.filter(
    ({ at, fault }) =>
      (options.only === undefined || at === options.only) &&
      (options.fault === undefined || fault === options.fault),
  );
  const every = options.every ?? Math.ceil(wanted.length / ENOUGH);
  return wanted.filter((_, position) => position % every === 0);
}
