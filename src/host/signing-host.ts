import { readFile } from 'node:fs/promises';

import type { Person } from './interactive-login';
import type { TokenCache } from '../identity/token-cache';
import type { CertificateCache } from '../sigstore/certificate-cache';

/** What signing takes from the machine it runs on; passed in, so that a test can be its own machine. */
export interface SigningHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file's text (UTF-8). Rejects like `fs.readFile`. */
  readonly readFile: (path: string) => Promise<string>;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => Date;
  /** Who may be asked to sign in. Default: nobody. */
  readonly person?: Person | undefined;
  /** The identity tokens of this run. Default: each signer asks for its own. */
  readonly tokens?: TokenCache | undefined;
  /** The certificates of this run. Default: each signature has its own. */
  readonly certificates?: CertificateCache | undefined;
}

/** This process, its files and its network. */
export function processHost(): SigningHost {
  return {
    env: process.env,
    readFile: (path) => readFile(path, 'utf8'),
    fetch: globalThis.fetch,
    now: () => new Date(),
  };
}
