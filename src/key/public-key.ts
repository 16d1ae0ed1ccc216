import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

import { SignedImageError } from '../error';
import { normalizePem } from '../host/pem-text';

/** What our signers make and our verifier takes: see docs, "Which keys" (cosign verifies both by default). */
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
 * The one algorithm that is used with this key.
 *
 * Every verifier must take the signature without options: `cosign verify` checks SHA-256 unless it
 * is told otherwise, so keys whose own hash is another one are refused, and Ed25519 because cosign
 * reads such a key as Ed25519ph, which Node does not have.
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
      `the key is of a kind that not every verifier takes (${nameOf(key)}); ` +
      'use ECDSA P-256 (what `cosign generate-key-pair` makes) or RSA with 2048 or 3072 bits',
  });
}

/** Exporting costs as much as a signature, and a run has one key and hundreds of images. */
const described = new WeakMap<KeyObject, PublicKey>();

/**
 * The public half of a key, be it private or public.
 *
 * @throws SignedImageError `KEY_UNSUPPORTED` for an algorithm that is not in {@link KeyAlgorithm}
 */
export function publicKeyOf(key: KeyObject): PublicKey {
  const known = described.get(key);
  if (known) return known;
  const description = describe(key);
  described.set(key, description);
  return description;
}

function describe(key: KeyObject): PublicKey {
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
const MOST_PARSED = 64;

function parsedOnce(text: string, parse: () => KeyObject): PublicKey {
  const known = parsed.get(text);
  if (known) return known;
  const key = publicKeyOf(parse());
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(text, key);
  return key;
}

/**
 * A public key in PEM, as {@link PublicKey.pem} has it; read once.
 *
 * @throws as `createPublicKey`, and SignedImageError `KEY_UNSUPPORTED`
 */
export function publicKeyFromPem(pem: string): PublicKey {
  return parsedOnce(pem, () => createPublicKey(normalizePem(pem)));
}

/**
 * The same in DER.
 *
 * @throws as {@link publicKeyFromPem}
 */
export function publicKeyFromDer(der: Buffer, type: 'spki' | 'pkcs1'): PublicKey {
  const text = `${type} ${der.toString('base64')}`;
  return parsedOnce(text, () => createPublicKey({ key: der, format: 'der', type }));
}

/** What cosign writes as `verificationMaterial.publicKey.hint`: base64 of sha256(SPKI). */
export function keyHintOf(key: PublicKey): string {
  return Buffer.from(key.keyId, 'hex').toString('base64');
}
