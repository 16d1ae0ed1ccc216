import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

import { SignedImageError } from '../error';
import { normalizePem } from '../host/pem-text';

/** The signature algorithms that are supported: see docs, "Which keys" (cosign verifies both by default). */
export type KeyAlgorithm = 'ecdsa-p256-sha256' | 'rsa-pkcs1v15-sha256';

/** The public half of a signing key. */
export interface PublicKey {
  /** `-----BEGIN PUBLIC KEY-----`, as `cosign public-key` prints it. */
  readonly pem: string;
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Buffer;
  /** Lower-case hex of sha256(spki). */
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;
}

const RSA_SIZES: readonly (number | undefined)[] = [2048, 3072];

function nameOf(key: KeyObject): string {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const size = namedCurve ?? modulusLength;
  const kind = (key.asymmetricKeyType ?? key.type).toUpperCase();
  return size === undefined ? kind : `${kind} ${size}`;
}

/**
 * Returns the one algorithm that is used with this key.
 *
 * Every verifier must accept the signature without options. `cosign verify` checks SHA-256 by
 * default, so keys that use another hash are rejected. Ed25519 is rejected because cosign treats
 * such a key as Ed25519ph, which Node does not support.
 *
 * @throws SignedImageError `KEY_UNSUPPORTED`
 */
export function keyAlgorithmOf(key: KeyObject): KeyAlgorithm {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ecdsa-p256-sha256';
  if (key.asymmetricKeyType === 'rsa' && RSA_SIZES.includes(modulusLength)) {
    return 'rsa-pkcs1v15-sha256';
  }
  throw new SignedImageError({
    code: 'KEY_UNSUPPORTED',
    message:
      `the key has a type that not every verifier accepts (${nameOf(key)}); ` +
      'use ECDSA P-256 (as `cosign generate-key-pair` creates) or RSA with 2048 or 3072 bits',
  });
}

/** A cache, as exporting costs as much as a signature, and a run has one key and hundreds of images. */
const exported = new WeakMap<KeyObject, PublicKey>();

/**
 * Returns the public key of a private or public key object.
 *
 * @throws SignedImageError `KEY_UNSUPPORTED` for an algorithm that is not in {@link KeyAlgorithm}
 */
export function publicKeyOf(key: KeyObject): PublicKey {
  const known = exported.get(key);
  if (known) return known;
  const publicKey = exportPublicKey(key);
  exported.set(key, publicKey);
  return publicKey;
}

function exportPublicKey(key: KeyObject): PublicKey {
  const algorithm = keyAlgorithmOf(key);
  const publicHalf = key.type === 'private' ? createPublicKey(key) : key;
  const spki = publicHalf.export({ format: 'der', type: 'spki' });
  return {
    pem: publicHalf.export({ format: 'pem', type: 'spki' }).toString(),
    spki,
    keyId: createHash('sha256').update(spki).digest('hex'),
    algorithm,
  };
}

const parsed = new Map<string, PublicKey>();
const MAX_PARSED_KEYS = 64;

function parseOnce(text: string, parse: () => KeyObject): PublicKey {
  const known = parsed.get(text);
  if (known) return known;
  const key = publicKeyOf(readable(parse));
  if (parsed.size >= MAX_PARSED_KEYS) parsed.clear();
  parsed.set(text, key);
  return key;
}

/** Parses without keeping the cause: OpenSSL's errors do not help, and their wording depends on its version. */
function readable(parse: () => KeyObject): KeyObject {
  try {
    return parse();
  } catch {
    throw new SignedImageError({
      code: 'KEY_UNREADABLE',
      message:
        'it is not a public key (-----BEGIN PUBLIC KEY-----), or it is damaged; `cosign public-key --key FILE` prints the public key',
    });
  }
}

/** Adds the input property to an error. */
function onProperty<T>(property: string | undefined, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof SignedImageError && property !== undefined ? error.on(property) : error;
  }
}

/**
 * Parses a public key in PEM, as in {@link PublicKey.pem}; results are cached.
 *
 * @param property the input that the key comes from, for the error
 * @throws SignedImageError `KEY_UNREADABLE`, `KEY_UNSUPPORTED`
 */
export function publicKeyFromPem(pem: string, property?: string): PublicKey {
  return onProperty(property, () => parseOnce(pem, () => publicKeyObject(pem)));
}

/** `createPublicKey` would derive the public key from a private one. */
function publicKeyObject(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY')) throw new Error('a private key');
  return createPublicKey(normalizePem(pem));
}

/**
 * Parses a public key in DER; results are cached.
 *
 * @throws as {@link publicKeyFromPem}
 */
export function publicKeyFromDer(der: Buffer, type: 'spki' | 'pkcs1'): PublicKey {
  const text = `${type} ${der.toString('base64')}`;
  return parseOnce(text, () => createPublicKey({ key: der, format: 'der', type }));
}

/** Returns what cosign writes as `verificationMaterial.publicKey.hint`: base64 of sha256(SPKI). */
export function keyHintOf(key: PublicKey): string {
  return Buffer.from(key.keyId, 'hex').toString('base64');
}
