import { readFile } from 'node:fs/promises';

import type { InteractiveLogin } from './interactive-login';

/** The parts of the machine that the core uses. They are passed in, so that a test can replace them. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file's text (UTF-8). Rejects like `fs.readFile`. */
  readonly readFile: (path: string) => Promise<string>;
  readonly now: () => Date;
  /** How a person can sign in. Default: interactive login is not possible. */
  readonly interactiveLogin?: InteractiveLogin | undefined;
}

/** This process and its files. */
export function processHost(): Host {
  return {
    env: process.env,
    readFile: (path) => readFile(path, 'utf8'),
    now: () => new Date(),
  };
}
