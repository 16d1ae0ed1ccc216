import type { Bundle } from '@sigstore/bundle';

import type { Digest } from '../oci/digest';
import type { Purpose, StoredFormat } from './signature';

/** What somebody stored beside an image: parsed, and nothing of it believed yet. */
export interface Candidate {
  readonly format: StoredFormat;
  /** Digest of the referrer manifest (`bundle`), or of the layer (`legacy`). */
  readonly stored: Digest;
  readonly bundle: Bundle;
  /** The very bytes that were signed, for a simple signing payload. */
  readonly payload?: Buffer;
  /** The whole envelope, where timestamps may be of that instead of the signature. */
  readonly envelope?: Buffer;
}

/** Something that is there and cannot be used. */
export interface Unusable {
  readonly stored: Digest;
  /** What it claims to be, where that can be told. */
  readonly purpose?: Purpose;
  /** What is wrong with it. */
  readonly reason: string;
}

/** Something that is listed and could not be read: nobody knows what it is. */
export interface Unread {
  readonly stored: Digest;
  readonly reason: string;
}

/** All that was found in one place. */
export interface Findings {
  readonly candidates: readonly Candidate[];
  readonly unusable: readonly Unusable[];
  readonly unread: readonly Unread[];
}

export const NOTHING_FOUND: Findings = { candidates: [], unusable: [], unread: [] };

/** One thing that was looked at; `undefined` where it is nothing of ours to read. */
export type Finding =
  | { readonly candidate: Candidate }
  | { readonly unusable: Unusable }
  | { readonly unread: Unread }
  | undefined;

export function gatherFindings(findings: readonly Finding[]): Findings {
  const present = findings.filter((finding) => finding !== undefined);
  return {
    candidates: present.flatMap((f) => ('candidate' in f ? [f.candidate] : [])),
    unusable: present.flatMap((f) => ('unusable' in f ? [f.unusable] : [])),
    unread: present.flatMap((f) => ('unread' in f ? [f.unread] : [])),
  };
}
