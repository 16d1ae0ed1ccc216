import { setTimeout as delay } from 'node:timers/promises';

import type { KeyManagementServiceClient } from '@google-cloud/kms';

import { SignedImageError } from '../../error';
import { publicKeyOf } from '../public-key';
import type { GeneratedKey, KeyHost } from '../backend';
import { CALL_OPTIONS, connectGcp } from './client';
import { gcpFailure, statusOf } from './failure';
import { gcpDescription, openGcpKey } from './backend';
import { type GcpKeyReference, keyName, keyRingName, parseGcpReference } from './reference';

/** A software key is available at once; generating one in an HSM takes seconds. */
const MAX_POLLS = 20;
const POLL_INTERVAL_MS = 500;

function exists(description: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'KEY_EXISTS',
    message: `${description} already exists and is left unchanged; sign with it, or choose another name`,
    cause,
  });
}

async function rejectExisting(
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

/** Polls, as the key has no enabled version until its first version is generated. */
async function publicPemOf(
  client: KeyManagementServiceClient,
  reference: GcpKeyReference,
): Promise<string> {
  for (let poll = 1; ; poll += 1) {
    try {
      return publicKeyOf((await openGcpKey(client, reference)).publicKey).pem;
    } catch (error) {
      const isPending = error instanceof SignedImageError && error.code === 'KEY_UNSUPPORTED';
      if (!isPending || poll === MAX_POLLS) throw error;
      await delay(POLL_INTERVAL_MS);
    }
  }
}

/**
 * Creates an ECDSA P-256 key, and its key ring if it does not exist, as `cosign generate-key-pair --kms`.
 *
 * @throws SignedImageError as `KeySource.generate`
 */
export async function generateGcpKey(ref: string, host: KeyHost): Promise<GeneratedKey> {
  const reference = parseGcpReference(ref);
  if (reference.version !== undefined) {
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message:
        'a new key starts with its first version; remove /cryptoKeyVersions/... from the reference',
    });
  }
  const description = gcpDescription(reference);
  const client = await connectGcp(host);
  await rejectExisting(client, reference, description);
  await ensureKeyRing(client, reference, description);
  await createKey(client, reference, description);
  return {
    publicKey: await publicPemOf(client, reference),
    summary: `Created ${description} (ECDSA P-256).`,
  };
}
