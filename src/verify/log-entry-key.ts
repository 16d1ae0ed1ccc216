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

function decoded(value: unknown): Buffer | undefined {
  return typeof value === 'string' && value !== '' ? Buffer.from(value, 'base64') : undefined;
}

const read = new Map<string, Buffer>();
const MOST_READ = 64;

/** DER of a key or certificate that an entry of Rekor v1 holds as PEM; many entries hold the same. */
function fromPem(pem: Buffer): Buffer {
  const text = pem.toString('latin1');
  const known = read.get(text);
  if (known) return known;
  const der = text.includes('BEGIN CERTIFICATE')
    ? new X509Certificate(pem).raw
    : createPublicKey(pem).export({ format: 'der', type: 'spki' });
  if (read.size >= MOST_READ) read.clear();
  read.set(text, der);
  return der;
}

/** Where Rekor v1 keeps who signed, by kind and version: base64 of PEM. */
const PEM_PATHS: Readonly<Record<string, readonly (string | number)[]>> = {
  'dsse/0.0.1': ['spec', 'signatures', 0, 'verifier'],
  'hashedrekord/0.0.1': ['spec', 'signature', 'publicKey', 'content'],
  'intoto/0.0.2': ['spec', 'content', 'envelope', 'signatures', 0, 'publicKey'],
};

/** Where Rekor v2 keeps it: a message with a certificate or a key. */
const VERIFIER_PATHS: Readonly<Record<string, readonly (string | number)[]>> = {
  'dsse/0.0.2': ['spec', 'dsseV002', 'signatures', 0, 'verifier'],
  'hashedrekord/0.0.2': ['spec', 'hashedRekordV002', 'signature', 'verifier'],
};

function verifierOf(entry: string, body: unknown): Buffer | undefined {
  const pem = decoded(at(body, ...(PEM_PATHS[entry] ?? [])));
  if (pem) return fromPem(pem);
  const verifier = at(body, ...(VERIFIER_PATHS[entry] ?? []));
  return (
    decoded(at(verifier, 'x509Certificate', 'rawBytes')) ??
    decoded(at(verifier, 'publicKey', 'rawBytes'))
  );
}

/**
 * DER of the key or certificate that a log entry names, or `undefined` where it names none.
 *
 * `@sigstore/verify` compares the signature and the hash in the entry with the bundle's, and not
 * the key: somebody else's key that happens to verify the same signature could stand in the log,
 * and who watches the log for his own identity would never see it.
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
 * Whether an inclusion proof names the tree of its checkpoint. `@sigstore/verify` reads size and
 * root from the signed checkpoint only and takes whatever the proof says beside it; cosign refuses
 * such a contradiction, and so do we. True where there is no proof.
 *
 * https://github.com/transparency-dev/formats/blob/main/log/README.md#checkpoint-body
 */
export function provesItsCheckpoint({ inclusionProof }: TransparencyLogEntry): boolean {
  if (!inclusionProof?.checkpoint) return true;
  const [, size, root = ''] = inclusionProof.checkpoint.envelope.split('\n');
  return (
    inclusionProof.treeSize === size && inclusionProof.rootHash.equals(Buffer.from(root, 'base64'))
  );
}
