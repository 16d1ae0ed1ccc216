import { createPublicKey, type KeyObject } from 'node:crypto';

import { SignedImageError } from '../../error';
import type { Json } from './vault-client';

/** One version of a transit key, of which Vault returns only the public key. */
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

/** Symmetric keys have a time instead of a public key, HMAC keys nothing. */
function notSigningKey(type: string): SignedImageError {
  return new SignedImageError({
    code: 'KEY_UNSUPPORTED',
    message: `is of the type ${type}, which has no public key and cannot sign; create one of the type ecdsa-p256`,
  });
}

function publicKeyOf(text: string, type: string): KeyObject {
  // Vault returns Ed25519 as the bare 32 bytes in base64; it is not supported.
  if (!text.includes('-----BEGIN PUBLIC KEY-----')) {
    throw new SignedImageError({
      code: 'KEY_UNSUPPORTED',
      message: `is of the type ${type}, which not every verifier accepts; create one of the type ecdsa-p256, rsa-2048 or rsa-3072`,
    });
  }
  try {
    return createPublicKey(text);
  } catch {
    throw failed('has a damaged public key');
  }
}

/**
 * Parses the response to `GET /transit/keys/NAME`
 * (https://developer.hashicorp.com/vault/api-docs/secret/transit#read-key).
 *
 * @param pinned the version to use; default: the latest
 * @throws SignedImageError `KEY_NOT_FOUND` (no such version), `KEY_UNSUPPORTED`, `KEY_SERVICE_FAILED`;
 *   messages follow the key's name
 */
export function parseTransitKey(json: Json, pinned: number | undefined): TransitKeyVersion {
  const data = objectAt(json['data']);
  const versions = objectAt(data?.['keys']);
  const latest = data?.['latest_version'];
  const type = typeof data?.['type'] === 'string' ? data['type'].slice(0, 50) : 'unknown';
  if (versions === undefined && type !== 'unknown') throw notSigningKey(type);
  if (versions === undefined || !isVersion(latest)) {
    throw failed(
      'was not returned in the format of the transit engine; check TRANSIT_SECRET_ENGINE_PATH',
    );
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
    throw notSigningKey(type);
  }
  return { version, publicKey: publicKeyOf(publicKey, type) };
}

/**
 * Parses the response to `POST /transit/sign/NAME/sha2-256`: `vault:v3:` and base64.
 *
 * @param version the requested version
 * @throws SignedImageError `KEY_SERVICE_FAILED`; messages follow the key's name
 */
export function parseTransitSignature(json: Json, version: number): Buffer {
  const text = objectAt(json['data'])?.['signature'];
  const [, signed, base64] =
    (typeof text === 'string' && /^vault:v(\d+):([A-Za-z0-9+/]+={0,2})$/.exec(text)) || [];
  if (signed === undefined || base64 === undefined) {
    throw failed('received a response without a signature of the form vault:v1:...');
  }
  if (Number(signed) !== version) {
    throw failed(`signed with its version ${signed}, but version ${version} was requested`);
  }
  return Buffer.from(base64, 'base64');
}
