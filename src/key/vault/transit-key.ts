import { createPublicKey, type KeyObject } from 'node:crypto';

import { SignedImageError } from '../../error';
import type { Json } from './vault-client';

/** One version of a transit key, of which Vault gives the public half only. */
export interface TransitKeyVersion {
  readonly version: number;
  readonly publicKey: KeyObject;
}

function objectAt(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : undefined;
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function failed(message: string): SignedImageError {
  return new SignedImageError({ code: 'KEY_SERVICE_FAILED', message });
}

/** Symmetric keys have a time in place of a public half, those of HMAC nothing. */
function unsigning(type: string): SignedImageError {
  return new SignedImageError({
    code: 'KEY_UNSUPPORTED',
    message: `is of the type ${type}, which has no public half to sign with; make one of the type ecdsa-p256`,
  });
}

function publicKeyOf(text: string, type: string): KeyObject {
  // Ed25519 is given as the bare 32 bytes in base64, and no key of ours.
  if (!text.includes('-----BEGIN PUBLIC KEY-----')) {
    throw new SignedImageError({
      code: 'KEY_UNSUPPORTED',
      message: `is of the type ${type}, which not every verifier takes; make one of the type ecdsa-p256, or rsa-2048 or rsa-3072`,
    });
  }
  try {
    return createPublicKey(text);
  } catch {
    throw failed('is given with a damaged public key');
  }
}

/**
 * Reads the answer to `GET /transit/keys/NAME`
 * (https://developer.hashicorp.com/vault/api-docs/secret/transit#read-key).
 *
 * @param pinned the version to take; default: the latest
 * @throws SignedImageError `KEY_NOT_FOUND` (no such version), `KEY_UNSUPPORTED`, `KEY_SERVICE_FAILED`;
 *   messages go after the key's name
 */
export function parseTransitKey(json: Json, pinned: number | undefined): TransitKeyVersion {
  const data = objectAt(json['data']);
  const versions = objectAt(data?.['keys']);
  const latest = data?.['latest_version'];
  const type = typeof data?.['type'] === 'string' ? data['type'].slice(0, 50) : 'unknown';
  if (versions === undefined && type !== 'unknown') throw unsigning(type);
  if (versions === undefined || !isVersion(latest)) {
    throw failed('is not described as the transit engine does; check TRANSIT_SECRET_ENGINE_PATH');
  }
  const version = pinned ?? latest;
  if (!Object.hasOwn(versions, String(version))) {
    throw new SignedImageError({
      code: 'KEY_NOT_FOUND',
      message: `has no version ${version} (the latest is ${latest}); change VAULT_KEY_PREFIX`,
    });
  }
  const publicKey = objectAt(versions[String(version)])?.['public_key'];
  if (typeof publicKey !== 'string') {
    throw unsigning(type);
  }
  return { version, publicKey: publicKeyOf(publicKey, type) };
}

/**
 * Reads the answer to `POST /transit/sign/NAME/sha2-256`: `vault:v3:` and base64.
 *
 * @param version the one that was asked for
 * @throws SignedImageError `KEY_SERVICE_FAILED`; messages go after the key's name
 */
export function parseTransitSignature(json: Json, version: number): Buffer {
  const text = objectAt(json['data'])?.['signature'];
  const [, signed, base64] =
    (typeof text === 'string' && /^vault:v(\d+):([A-Za-z0-9+/]+={0,2})$/.exec(text)) || [];
  if (signed === undefined || base64 === undefined) {
    throw failed('was answered without a signature of the form vault:v1:...');
  }
  if (Number(signed) !== version) {
    throw failed(`signed with its version ${signed}, though version ${version} was asked for`);
  }
  return Buffer.from(base64, 'base64');
}
