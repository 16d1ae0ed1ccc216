import { X509Certificate, createHash } from 'node:crypto';

import { parseBoundedJson } from '../http/json-bounds';
import { isJsonObject } from '../oci';

/** What an entry of any kind contains of its signers, and the digests of what they signed. */
export interface EntryContent {
  /** `hashedrekord`, `dsse`, `intoto`, ... */
  readonly kind: string;
  readonly apiVersion: string;
  /** DER of each key and certificate. */
  readonly verifiers: readonly Buffer[];
  /**
   * Hex of each digest: of the artifact for `hashedrekord`, which for a legacy signature is its payload and in
   * Rekor v2 may be the encoding of an envelope; of payload and envelope for `dsse` and `intoto`.
   */
  readonly digests: readonly string[];
}

const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g;
/** Base64 of `-----BEGIN `, of which the last bits belong to the next letter. */
const PEM_PREFIX = 'LS0tLS1CRUdJTi';
/** Hashes of 32 bytes and more: hex in Rekor v1, base64 in Rekor v2. */
const HEX_DIGEST = /^(?:[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i;

/** Kinds in which the log itself computes or verifies every hash; in others they may be chosen freely. */
const HASHED_KINDS: readonly string[] = ['hashedrekord', 'dsse', 'intoto'];

function pemBlocks(text: string): readonly Buffer[] {
  return [...text.matchAll(PEM_BLOCK)].map(([, , base64 = '']) => Buffer.from(base64, 'base64'));
}

/**
 * Collects keys and digests wherever they are: the key could have been used for a kind of entry that
 * this package does not write, and a signature that is not found is the worst result.
 */
function collect(value: unknown, name: string, verifiers: Buffer[], digests: string[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, name, verifiers, digests);
  } else if (isJsonObject(value)) {
    for (const [member, inner] of Object.entries(value)) {
      collect(inner, member, verifiers, digests);
    }
  } else if (typeof value !== 'string') {
    return;
  } else if (value.startsWith(PEM_PREFIX)) {
    verifiers.push(...pemBlocks(Buffer.from(value, 'base64').toString('latin1')));
  } else if (value.startsWith('-----BEGIN ')) {
    verifiers.push(...pemBlocks(value));
  } else if (name === 'rawBytes') {
    verifiers.push(Buffer.from(value, 'base64'));
  } else if (name === 'digest') {
    digests.push(Buffer.from(value, 'base64').toString('hex'));
  } else if (name === 'value' && HEX_DIGEST.test(value)) {
    digests.push(value.toLowerCase());
  }
}

/**
 * Reads the body of an entry. The kinds and versions of Rekor v1 and v2 are all read alike: each key is
 * base64 of PEM (v1) or `rawBytes` (v2), each hash is `value` (v1) or `digest` (v2).
 *
 * https://github.com/sigstore/rekor/tree/v1.5.3/pkg/types,
 * https://github.com/sigstore/rekor-tiles/tree/v2.3.0/api/proto/rekor/v2
 *
 * @returns `undefined` if it is not the JSON of an entry
 */
export function parseEntry(body: Buffer): EntryContent | undefined {
  let json: unknown;
  try {
    json = parseBoundedJson(body);
  } catch {
    return undefined;
  }
  if (!isJsonObject(json)) return undefined;
  const { kind, apiVersion, spec } = json;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return undefined;
  const verifiers: Buffer[] = [];
  const digests: string[] = [];
  collect(spec, '', verifiers, digests);
  return { kind, apiVersion, verifiers, digests: HASHED_KINDS.includes(kind) ? digests : [] };
}

/** Parses a certificate; `undefined` for a key, and for malformed bytes. */
export function parseCertificate(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** Hex of the SHA-256 of a key or certificate. */
export function fingerprintOf(der: Buffer): string {
  return createHash('sha256').update(der).digest('hex');
}
