import { readFile } from 'node:fs/promises';

import type { InteractiveLogin } from './interactive-login';

/** The process environment, files and time that the core uses, injected so that tests can replace them. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file as UTF-8 text. Rejects like `fs.readFile`. */
  readonly readFile: (path: string) => Promise<string>;
  readonly now: () => Date;
  /** Interactive login. Default: not available. */
  readonly interactiveLogin?: InteractiveLogin | undefined;
}

/** Returns the host of this process: its environment and files. */
export function processHost(): Host {
  return {
    env: process.env,
    readFile: (path) => readFile(path, 'utf8'),
    now: () => new Date(),
  };
}
