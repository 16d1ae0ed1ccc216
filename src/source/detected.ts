import type { BuilderFacts } from './facts';

export interface GitRemote {
  readonly name: string;
  /** As git would use it; may contain credentials. */
  readonly url: string;
}

/** What one CI system reports; every fact is optional, and nothing is checked or cleaned yet. */
export interface Detected {
  /** The commit that all other facts are about. */
  readonly commit?: string;
  readonly branch?: string;
  readonly tag?: string;
  /** The full ref. */
  readonly ref?: string;
  readonly repository?: string;
  /** The fork that a pull or merge request comes from. */
  readonly headRepository?: string;
  /**
   * Whether the run is for a pull or merge request. The name of a branch in the work tree may then be the
   * fork's.
   */
  readonly isRequest?: boolean;
  readonly builder: BuilderFacts;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** What a detector knows beside the variables. */
export interface Surroundings {
  /** Remotes of the work tree. */
  readonly remotes: readonly GitRemote[];
  /** JSON of the event that started the run (GitHub Actions). */
  readonly event?: unknown;
}

/** Detects one CI system; `undefined`: this is not it. */
export type Detector = (env: Env, surroundings: Surroundings) => Detected | undefined;

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
