import { setTimeout as delay } from 'node:timers/promises';

import type { KeyManagementServiceClient } from '@google-cloud/kms';

import { SignedImageError } from '../../error';
import { publicKeyOf } from '../public-key';
import type { GeneratedKey, KeyHost } from '../backend';
import { CALL_OPTIONS, connectGcp } from './client';
import { gcpFailure, statusOf } from './failure';
import { gcpDescription, openGcpKey } from './backend';
import { type GcpKeyReference, keyName, keyRingName, parseGcpReference } from './reference';

/** A software key is there at once; one in an HSM takes seconds to come. */
const LOOKS = 20;
const PAUSE_MS = 500;

function exists(description: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'KEY_EXISTS',
    message: `${description} exists already and is left as it is; sign with it, or choose another name`,
    cause,
  });
}

async function refuseExisting(
  client: KeyManagementServiceClient,
  reference: GcpKeyReference,
  description: string,
): Promise<void> {
  try {
    await client.getCryptoKey({ name: keyName(reference) }, CALL_OPTIONS);
  } catch (error) {
    if (statusOf(error) === 'not-found') return;
    throw gcpFailure(description, 'cloudkms.cryptoKeys.get', error);
  }
  throw exists(description);
}

async function ensureKeyRing(
  client: KeyManagementServiceClient,
  reference: GcpKeyReference,
  description: string,
): Promise<void> {
  try {
    await client.getKeyRing({ name: keyRingName(reference) }, CALL_OPTIONS);
    return;
  } catch (error) {
    if (statusOf(error) !== 'not-found') {
      throw gcpFailure(description, 'cloudkms.keyRings.get', error);
    }
  }
  try {
    await client.createKeyRing(
      { parent: reference.location, keyRingId: reference.keyRing },
      CALL_OPTIONS,
    );
  } catch (error) {
    if (statusOf(error) !== 'already-exists') {
      throw gcpFailure(description, 'cloudkms.keyRings.create', error);
    }
  }
}

async function createKey(
  client: KeyManagementServiceClient,
  reference: GcpKeyReference,
  description: string,
): Promise<void> {
  try {
    await client.createCryptoKey(
      {
        parent: keyRingName(reference),
        cryptoKeyId: reference.key,
        cryptoKey: {
          purpose: 'ASYMMETRIC_SIGN',
          versionTemplate: { algorithm: 'EC_SIGN_P256_SHA256' },
        },
      },
      CALL_OPTIONS,
    );
  } catch (error) {
    if (statusOf(error) === 'already-exists') throw exists(description, error);
    throw gcpFailure(description, 'cloudkms.cryptoKeys.create', error);
  }
}

/** Until the first version is generated the key has none that is enabled. */
async function publicPemOf(
  client: KeyManagementServiceClient,
  reference: GcpKeyReference,
): Promise<string> {
  for (let look = 1; ; look += 1) {
    try {
      return publicKeyOf((await openGcpKey(client, reference)).publicKey).pem;
    } catch (error) {
      const isPending = error instanceof SignedImageError && error.code === 'KEY_UNSUPPORTED';
      if (!isPending || look === LOOKS) throw error;
      await delay(PAUSE_MS);
    }
  }
}

/**
 * Makes an ECDSA P-256 key, and its key ring where there is none, as `cosign generate-key-pair --kms`.
 *
 * @throws SignedImageError as `KeySource.generate`
 */
export async function generateGcpKey(ref: string, host: KeyHost): Promise<GeneratedKey> {
  const reference = parseGcpReference(ref);
  if (reference.version !== undefined) {
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message: 'a new key begins with its first version; leave /cryptoKeyVersions/... away',
    });
  }
  const description = gcpDescription(reference);
  const client = await connectGcp(host);
  await refuseExisting(client, reference, description);
  await ensureKeyRing(client, reference, description);
  await createKey(client, reference, description);
  return {
    publicKey: await publicPemOf(client, reference),
    summary: `Made ${description} (ECDSA P-256).`,
  };
}
