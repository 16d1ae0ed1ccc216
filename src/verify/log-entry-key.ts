import { X509Certificate, createPublicKey } from 'node:crypto';

import type { TransparencyLogEntry } from '@sigstore/bundle';

import { parseBoundedJson } from '../http/json-bounds';
import { isJsonObject } from '../oci/strict-json';

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof step === 'number') current = Array.isArray(current) ? current[step] : undefined;
    else current = isJsonObject(current) ? current[step] : undefined;
  }
  return current;
}

function decodeBase64(value: unknown): Buffer | undefined {
  return typeof value === 'string' && value !== '' ? Buffer.from(value, 'base64') : undefined;
}

const parsed = new Map<string, Buffer>();
const MAX_CACHED = 64;

/** Converts the PEM key or certificate of a Rekor v1 entry to DER; cached, as many entries have the same. */
function fromPem(pem: Buffer): Buffer {
  const text = pem.toString('latin1');
  const known = parsed.get(text);
  if (known) return known;
  const der = text.includes('BEGIN CERTIFICATE')
    ? new X509Certificate(pem).raw
    : createPublicKey(pem).export({ format: 'der', type: 'spki' });
  if (parsed.size >= MAX_CACHED) parsed.clear();
  parsed.set(text, der);
  return der;
}

/** The path of the signer in Rekor v1 entries, by kind and version: base64 of PEM. */
const PEM_PATHS: Readonly<Record<string, readonly (string | number)[]>> = {
  'dsse/0.0.1': ['spec', 'signatures', 0, 'verifier'],
  'hashedrekord/0.0.1': ['spec', 'signature', 'publicKey', 'content'],
  'intoto/0.0.2': ['spec', 'content', 'envelope', 'signatures', 0, 'publicKey'],
};

/** The path of the signer in Rekor v2 entries: a message with a certificate or a key. */
const VERIFIER_PATHS: Readonly<Record<string, readonly (string | number)[]>> = {
  'dsse/0.0.2': ['spec', 'dsseV002', 'signatures', 0, 'verifier'],
  'hashedrekord/0.0.2': ['spec', 'hashedRekordV002', 'signature', 'verifier'],
};

function verifierOf(entry: string, body: unknown): Buffer | undefined {
  const pem = decodeBase64(at(body, ...(PEM_PATHS[entry] ?? [])));
  if (pem) return fromPem(pem);
  const verifier = at(body, ...(VERIFIER_PATHS[entry] ?? []));
  return (
    decodeBase64(at(verifier, 'x509Certificate', 'rawBytes')) ??
    decodeBase64(at(verifier, 'publicKey', 'rawBytes'))
  );
}

/**
 * Returns the DER of the key or certificate in a log entry, or `undefined` if it does not contain one.
 *
 * `@sigstore/verify` compares the signature and the hash in the entry with the bundle's, but not the
 * key: the entry could contain another key that happens to verify the same signature, and monitors
 * that watch the log for an identity would not find it.
 */
export function loggedVerifier(entry: TransparencyLogEntry): Buffer | undefined {
  const { kind, version } = entry.kindVersion;
  try {
    const body = parseBoundedJson(entry.canonicalizedBody);
    return verifierOf(`${kind}/${version}`, body);
  } catch {
    return undefined;
  }
}

/**
 * Whether size and root hash of an inclusion proof match its checkpoint. `@sigstore/verify` reads both
 * from the signed checkpoint only and ignores those of the proof; cosign rejects such a
 * contradiction, and so do we. True if there is no proof.
 *
 * https://github.com/transparency-dev/formats/blob/main/log/README.md#checkpoint-body
 */
export function matchesCheckpoint({ inclusionProof }: TransparencyLogEntry): boolean {
  if (!inclusionProof?.checkpoint) return true;
  const [, size, root = ''] = inclusionProof.checkpoint.envelope.split('\n');
  return (
    inclusionProof.treeSize === size && inclusionProof.rootHash.equals(Buffer.from(root, 'base64'))
  );
}
