import { readFile } from 'node:fs/promises';

import type { InteractiveLogin } from './interactive-login';

/** The process environment, files and time that the core uses, injected so that tests can replace them. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file as UTF-8 text, without a byte order mark. Rejects like `fs.readFile`. */
  readonly readFile: (path: string) => Promise<string>;
  readonly now: () => Date;
  /** Interactive login. Default: not available. */
  readonly interactiveLogin?: InteractiveLogin | undefined;
}

/** Editors and shells of Windows begin files with a byte order mark, which is not part of JSON, YAML or PEM. */
const withoutMark = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text);

/** Returns the host of this process: its environment and files. */
export function processHost(): Host {
  return {
    env: process.env,
    readFile: async (path) => withoutMark(await readFile(path, 'utf8')),
    now: () => new Date(),
  };
}
