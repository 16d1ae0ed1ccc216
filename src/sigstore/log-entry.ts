import { createHash } from 'node:crypto';

import type { TransparencyLogEntry } from '@sigstore/bundle';
import type { SignatureBundle } from '@sigstore/sign';
import { parseBoundedJson } from '../http/json-bounds';

/** The values that an entry must contain for the signature that was sent. */
interface Claim {
  readonly kind: string;
  /** Hex of the sha256 of the payload for `dsse`, or of the artifact for `hashedrekord`. */
  readonly hash: string;
  /** Base64. */
  readonly signature: string;
}

function claimOf(content: SignatureBundle): Claim {
  if (content.$case === 'dsseEnvelope') {
    const { payload, signatures } = content.dsseEnvelope;
    return {
      kind: 'dsse',
      hash: createHash('sha256').update(payload).digest('hex'),
      signature: signatures[0]?.sig.toString('base64') ?? '',
    };
  }
  const { messageDigest, signature } = content.messageSignature;
  return {
    kind: 'hashedrekord',
    hash: messageDigest?.digest.toString('hex') ?? '',
    signature: signature.toString('base64'),
  };
}

/** The members of Rekor's canonical `dsse` and `hashedrekord` 0.0.1 bodies that are compared. */
interface EntryBody {
  readonly kind?: unknown;
  readonly spec?: {
    readonly payloadHash?: { readonly value?: unknown };
    readonly signatures?: readonly { readonly signature?: unknown }[];
    readonly data?: { readonly hash?: { readonly value?: unknown } };
    readonly signature?: { readonly content?: unknown };
  };
}

function parseBody(entry: TransparencyLogEntry): EntryBody {
  const body = parseBoundedJson(entry.canonicalizedBody);
  return typeof body === 'object' && body !== null ? body : {};
}

function matchesClaim({ kind, spec }: EntryBody, claim: Claim): boolean {
  if (kind !== claim.kind) return false;
  return claim.kind === 'dsse'
    ? spec?.payloadHash?.value === claim.hash && spec.signatures?.[0]?.signature === claim.signature
    : spec?.data?.hash?.value === claim.hash && spec.signature?.content === claim.signature;
}

/**
 * Whether a log entry is for this signature, which is not certain if it was fetched after a 409. The
 * verifier checks its inclusion proof.
 */
export function isEntryOf(entry: TransparencyLogEntry, content: SignatureBundle): boolean {
  try {
    return matchesClaim(parseBody(entry), claimOf(content));
  } catch {
    return false;
  }
}
