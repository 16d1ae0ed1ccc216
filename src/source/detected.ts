import type { BuilderFacts } from './facts';

export interface GitRemote {
  readonly name: string;
  /** The URL that git uses; may contain credentials. */
  readonly url: string;
}

/** The facts that a CI system reports; all are optional, and not validated or cleaned yet. */
export interface Detected {
  /** The commit to which all other facts refer. */
  readonly commit?: string;
  readonly branch?: string;
  readonly tag?: string;
  /** The full ref. */
  readonly ref?: string;
  readonly repository?: string;
  /** The fork that a pull or merge request comes from. */
  readonly headRepository?: string;
  /**
   * Whether the run is for a pull or merge request, or may be for one. The branch name in the work tree may then
   * be that of a fork.
   */
  readonly isRequest?: boolean;
  readonly builder: BuilderFacts;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Returns the first non-empty variable: some CI systems set variables to an empty value instead of omitting them. */
export function textOf(env: Env, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return value;
  }
  return undefined;
}

/** Omits undefined members, which would become keys of the signed and stored data. */
export function omitUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
