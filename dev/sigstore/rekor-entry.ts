import { type KeyObject, X509Certificate, createHash, createPublicKey, verify } from 'node:crypto';

import { json } from '@sigstore/core';

import { verifyPrehashed } from './prehashed-signature';

/** An entry as Rekor stores it, and its keys in the search index. */
export interface CanonicalEntry {
  /** The leaf. */
  readonly body: Buffer;
  /** `sha256:<hex>` of payload, envelope, artefacts and verifiers; e-mail addresses. */
  readonly searchKeys: readonly string[];
}

/** Rekor responds with 400 and this message. */
export class EntryRefused extends Error {}

/**
 * Validates a proposed entry as Rekor does and returns its canonical form.
 * Kinds: dsse 0.0.1 and hashedrekord 0.0.1.
 *
 * https://github.com/sigstore/rekor/tree/v1.5.3/pkg/types
 */
export function canonicalEntry(proposed: unknown): CanonicalEntry {
  const { kind, apiVersion, spec } = object(proposed, 'entry');
  if (apiVersion !== '0.0.1') throw new EntryRefused(`unsupported version ${String(apiVersion)}`);
  switch (kind) {
    case 'dsse':
      return dsse(object(spec, 'spec'));
    case 'hashedrekord':
      return hashedRekord(object(spec, 'spec'));
    default:
      throw new EntryRefused(`unsupported kind ${String(kind)}`);
  }
}

function dsse(spec: Record<string, unknown>): CanonicalEntry {
  const content = object(spec['proposedContent'], 'proposedContent');
  const text = string(content['envelope'], 'envelope');
  const verifiers = array(content['verifiers'], 'verifiers').map(parseVerifier);
  const envelope = object(parseJson(text), 'envelope');
  const payload = base64(envelope['payload'], 'payload');
  const payloadType = string(envelope['payloadType'], 'payloadType');
  const texts = array(envelope['signatures'], 'signatures').map((item) =>
    string(object(item, 'signature')['sig'], 'sig'),
  );
  const signatures = matched(texts, verifiers, preAuthEncoding(payloadType, payload));
  const envelopeHash = sha256(Buffer.from(text, 'utf8'));
  const payloadHash = sha256(payload);
  return {
    body: canonical('dsse', {
      envelopeHash: { algorithm: 'sha256', value: envelopeHash },
      payloadHash: { algorithm: 'sha256', value: payloadHash },
      signatures,
    }),
    searchKeys: [
      `sha256:${envelopeHash}`,
      `sha256:${payloadHash}`,
      ...(payloadType === 'application/vnd.in-toto+json' ? subjectsOf(payload) : []),
      ...verifiers.flatMap((verifier) => verifier.searchKeys),
    ],
  };
}

interface MatchedSignature {
  readonly signature: string;
  /** Base64 of PEM. */
  readonly verifier: string;
}

/**
 * Assigns signatures to verifiers. As in Rekor, verifiers are tried in their order until every
 * signature has one; a verifier without a signature before that is an error, and later ones are ignored.
 */
function matched(
  signatures: readonly string[],
  verifiers: readonly Verifier[],
  message: Buffer,
): readonly MatchedSignature[] {
  if (signatures.length === 0) throw new EntryRefused('envelope has no signatures');
  const found = new Map<string, string>();
  for (const { key, content } of verifiers) {
    if (signatures.every((text) => found.has(text))) break;
    const its = signatures.filter((text) =>
      verifyMessage(key, message, Buffer.from(text, 'base64')),
    );
    if (its.length === 0)
      throw new EntryRefused('could not verify envelope: no matching signature');
    for (const text of its) found.set(text, content);
  }
  if (!signatures.every((text) => found.has(text))) {
    throw new EntryRefused('all signatures must have a key that verifies it');
  }
  return [...found]
    .map(([signature, verifier]) => ({ signature, verifier }))
    .sort((a, b) => (a.signature < b.signature ? -1 : Number(a.signature > b.signature)));
}

function hashedRekord(spec: Record<string, unknown>): CanonicalEntry {
  const hash = object(object(spec['data'], 'data')['hash'], 'hash');
  const value = string(hash['value'], 'hash.value').toLowerCase();
  if (hash['algorithm'] !== 'sha256' || !/^[0-9a-f]{64}$/.test(value)) {
    throw new EntryRefused('invalid value for hash');
  }
  const signature = object(spec['signature'], 'signature');
  const content = base64(signature['content'], 'signature.content');
  const verifier = parseVerifier(object(signature['publicKey'], 'publicKey')['content']);
  if (!verifyPrehashed(verifier.key, Buffer.from(value, 'hex'), content)) {
    throw new EntryRefused(
      'verifying signature: invalid signature when validating ASN.1 encoded signature',
    );
  }
  return {
    body: canonical('hashedrekord', {
      data: { hash: { algorithm: 'sha256', value } },
      signature: {
        content: content.toString('base64'),
        publicKey: { content: verifier.content },
      },
    }),
    searchKeys: [`sha256:${value}`, ...verifier.searchKeys],
  };
}

interface Verifier {
  readonly key: KeyObject;
  /** Base64 of the PEM as Go encodes it. */
  readonly content: string;
  readonly searchKeys: readonly string[];
}

function parseVerifier(value: unknown): Verifier {
  const text = base64(value, 'verifier').toString('utf8');
  try {
    if (text.includes('BEGIN CERTIFICATE')) {
      const certificate = new X509Certificate(text);
      const names = certificate.subjectAltName?.split(', ') ?? [];
      return verifierOf(
        certificate.publicKey,
        certificate.toString(),
        names.map((name) => name.replace(/^(email|URI):/, '')),
      );
    }
    const key = createPublicKey(text);
    return verifierOf(key, key.export({ type: 'spki', format: 'pem' }).toString(), []);
  } catch {
    throw new EntryRefused('error parsing a verifier: neither a PEM public key nor a certificate');
  }
}

function verifierOf(key: KeyObject, pem: string, names: readonly string[]): Verifier {
  return {
    key,
    content: Buffer.from(pem, 'utf8').toString('base64'),
    searchKeys: [`sha256:${sha256(Buffer.from(pem, 'utf8'))}`, ...names],
  };
}

/** https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md#signature-definition */
export function preAuthEncoding(payloadType: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head, 'utf8'), payload]);
}

function verifyMessage(key: KeyObject, message: Buffer, signature: Buffer): boolean {
  try {
    return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', message, key, signature);
  } catch {
    return false;
  }
}

function canonical(kind: string, spec: unknown): Buffer {
  return canonicalJson({ apiVersion: '0.0.1', kind, spec });
}

/** https://www.rfc-editor.org/rfc/rfc8785 */
export function canonicalJson(value: unknown): Buffer {
  const text = json.canonicalize(value);
  if (text === undefined) throw new Error('not a JSON value');
  return Buffer.from(text, 'utf8');
}

function subjectsOf(payload: Buffer): string[] {
  try {
    const { subject } = object(JSON.parse(payload.toString('utf8')), 'statement');
    return array(subject, 'subject').flatMap((item) => {
      const digest = object(object(item, 'subject')['digest'], 'digest');
      return Object.entries(digest).map(([algorithm, value]) => `${algorithm}:${String(value)}`);
    });
  } catch {
    // Rekor indexes in-toto statements, and accepts any other payload as well.
    return [];
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EntryRefused('invalid DSSE envelope: not JSON');
  }
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new EntryRefused(`${name} is missing or not an object`);
}

function array(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new EntryRefused(`${name} is missing or not a list`);
}

function string(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new EntryRefused(`${name} is missing or not a string`);
}

function base64(value: unknown, name: string): Buffer {
  return Buffer.from(string(value, name), 'base64');
}
