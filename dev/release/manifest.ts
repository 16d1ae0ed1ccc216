import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The folder of the clone. */
export const ROOT = resolve(__dirname, '..', '..');

/** The members of a `package.json` that a release reads or changes. */
export interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: unknown;
  readonly scripts?: unknown;
}

/** The members of a `package-lock.json` that identify what is installed. */
export interface LockFile {
  readonly packages: Readonly<
    Record<
      string,
      { readonly name?: string; readonly version?: string; readonly integrity?: string }
    >
  >;
}

export const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
