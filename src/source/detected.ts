import type { BuilderFacts } from './facts';

/** What one detector says; every fact is optional and nothing is checked or cleaned yet. */
export interface Detected {
  readonly commit?: string;
  readonly branch?: string;
  readonly repository?: string;
  readonly builder: BuilderFacts;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Speaks for one CI system; `undefined`: this is not it. */
export type Detector = (env: Env) => Detected | undefined;

/** A variable's text; CI systems set variables to nothing where others leave them out. */
export function textOf(env: Env, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return value;
  }
  return undefined;
}

/** The object without its absent members: they would be keys of what is signed and stored. */
export function present<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
