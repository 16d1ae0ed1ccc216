import type { Bundle } from '@sigstore/bundle';

import type { Digest } from '../oci/digest';
import type { Purpose, StoredFormat } from './signature';

/** A signature or attestation that is stored for an image: parsed, but not verified. */
export interface Candidate {
  readonly format: StoredFormat;
  /** Digest of the referrer manifest (`bundle`), or of the layer (`legacy`). */
  readonly stored: Digest;
  readonly bundle: Bundle;
  /** The exact signed bytes, for a simple signing payload. */
  readonly payload?: Buffer;
  /** The whole envelope, if timestamps may cover it instead of the signature. */
  readonly envelope?: Buffer;
}

/** A stored object that cannot be used. */
export interface Unusable {
  readonly stored: Digest;
  /** Its claimed purpose, if known. */
  readonly purpose?: Purpose;
  /** Why it cannot be used. */
  readonly reason: string;
}

/** An object that is listed but could not be read, so that its content is unknown. */
export interface Unread {
  readonly stored: Digest;
  readonly reason: string;
}

/** The results of reading one list of referrers or one tag. */
export interface Findings {
  readonly candidates: readonly Candidate[];
  readonly unusable: readonly Unusable[];
  readonly unread: readonly Unread[];
}

export const NOTHING_FOUND: Findings = { candidates: [], unusable: [], unread: [] };

/** The result of reading one object; `undefined` if it is of an unrelated type. */
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
