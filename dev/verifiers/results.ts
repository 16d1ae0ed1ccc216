import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm run test:interop -- --record` wrote. */
export const RESULTS_FILE = join(__dirname, 'recorded.json');

/** A verifier, an image and a purpose: accepted with these flags, or the reason why not. */
export interface Cell {
  readonly verifier: string;
  /** `format, signer, transparency`. */
  readonly image: string;
  readonly purpose: 'signature' | 'provenance';
  readonly flags?: readonly string[];
  readonly gap?: string;
}

export interface Results {
  readonly versions: Readonly<Record<string, string>>;
  readonly cells: readonly Cell[];
  readonly notes: readonly { readonly verifier: string; readonly note: string }[];
}

export function readResults(): Results {
  return JSON.parse(readFileSync(RESULTS_FILE, 'utf8')) as Results;
}
