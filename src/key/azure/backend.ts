import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

import { asSignedImageError, SignedImageError } from '../../error';
import { type KeyAlgorithm, keyAlgorithmOf } from '../public-key';
import type { KeyHost, ServiceKey, RemoteKey } from '../backend';
import { type AzureConnection, azureSecrets, connectAzure, type VaultKey } from './client';
import { derOfRawSignature } from '../der-signature';
import { azureFailure } from './failure';
import type { AzureKeyReference } from './reference';

/** https://learn.microsoft.com/azure/key-vault/keys/about-keys-details#signverify */
const ALGORITHMS: Readonly<Record<KeyAlgorithm, 'ES256' | 'RS256'>> = {
  'ecdsa-p256-sha256': 'ES256',
  'rsa-pkcs1v15-sha256': 'RS256',
};

export function azureDescription({ ref }: AzureKeyReference): string {
  return `the Azure Key Vault key ${ref}`;
}

function unsupported(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'KEY_UNSUPPORTED', message, cause });
}

/** @throws SignedImageError `KEY_UNSUPPORTED` with the required change */
function rejectUnusable(key: VaultKey, description: string, now: Date): void {
  const { enabled, notBefore, expiresOn } = key.properties;
  if (enabled === false) {
    throw unsupported(
      `${description} is disabled; enable it (\`az keyvault key set-attributes --enabled true\`) or name another version`,
    );
  }
  if (expiresOn !== undefined && expiresOn <= now) {
    throw unsupported(
      `${description} expired at ${expiresOn.toISOString()}; create a new version (\`az keyvault key rotate\`), or name another one`,
    );
  }
  if (notBefore !== undefined && notBefore > now) {
    throw unsupported(
      `${description} is not valid before ${notBefore.toISOString()}; wait, name another version, or correct the clock of this machine`,
    );
  }
  if (key.keyOperations !== undefined && !key.keyOperations.includes('sign')) {
    throw unsupported(
      `${description} is for ${key.keyOperations.join(', ') || 'nothing'}, not for signing; create one with the operation \`sign\``,
    );
  }
}

const base64url = (bytes: Uint8Array | undefined): string =>
  Buffer.from(bytes ?? new Uint8Array()).toString('base64url');

/** For keys in an HSM, Azure adds a suffix to the key type: `EC-HSM`. */
function jwkOf({ key, keyType = '' }: VaultKey): JsonWebKey {
  const kty = keyType.replace(/-HSM$/, '');
  if (kty === 'EC') {
    return { kty, crv: key?.crv ?? '', x: base64url(key?.x), y: base64url(key?.y) };
  }
  return { kty, n: base64url(key?.n), e: base64url(key?.e) };
}

function publicKeyFrom(
  key: VaultKey,
  description: string,
): { readonly publicKey: KeyObject; readonly algorithm: 'ES256' | 'RS256' } {
  const kind = `${key.keyType ?? 'no type'}${key.key?.crv === undefined ? '' : `, ${key.key.crv}`}`;
  try {
    const publicKey = createPublicKey({ key: jwkOf(key), format: 'jwk' });
    return { publicKey, algorithm: ALGORITHMS[keyAlgorithmOf(publicKey)] };
  } catch (error) {
    const { message } = asSignedImageError(error, {
      code: 'KEY_UNSUPPORTED',
      message: 'it is not a signing key; create an EC key with curve P-256',
    });
    throw unsupported(`${description} (${kind}): ${message}`, error);
  }
}

/** Converts the service's signature to the form that verifiers accept. */
function toVerifiableSignature(
  signature: Buffer,
  algorithm: 'ES256' | 'RS256',
  description: string,
): Buffer {
  if (algorithm === 'RS256') return signature;
  const der = derOfRawSignature(signature);
  if (der !== undefined) return der;
  throw new SignedImageError({
    code: 'KEY_SERVICE_FAILED',
    message: `${description} returned a signature of ${signature.length} bytes, but ES256 signatures have 64; run again`,
  });
}

/** The version is chosen once, so that signatures are made with the version whose public key was fetched. */
export async function openAzureKey(
  { keys, signerOf }: AzureConnection,
  reference: AzureKeyReference,
  host: KeyHost,
): Promise<ServiceKey> {
  const description = azureDescription(reference);
  const secrets = azureSecrets(host);
  let key: VaultKey;
  try {
    const { name, version } = reference;
    key = await keys.getKey(name, version === undefined ? {} : { version });
  } catch (error) {
    throw azureFailure(description, 'keys/read', error, secrets);
  }
  rejectUnusable(key, description, host.now?.() ?? new Date());
  const { publicKey, algorithm } = publicKeyFrom(key, description);
  const signer = signerOf(key.id ?? '');
  return {
    publicKey,
    async sign({ digest }) {
      try {
        const { result } = await signer.sign(algorithm, digest);
        return toVerifiableSignature(Buffer.from(result), algorithm, description);
      } catch (error) {
        throw azureFailure(description, 'keys/sign', error, secrets);
      }
    },
  };
}

/** Returns the backend of a key in Azure Key Vault: https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign */
export function azureRemoteKey(reference: AzureKeyReference): RemoteKey {
  return {
    kind: 'service',
    description: azureDescription(reference),
    open: async (host) => openAzureKey(await connectAzure(reference, host), reference, host),
  };
}
