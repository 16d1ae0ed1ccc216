import { createPublicKey, type KeyObject } from 'node:crypto';

import type { GetPublicKeyCommandOutput, SigningAlgorithmSpec } from '@aws-sdk/client-kms';

import { asSignedImageError, SignedImageError } from '../../error';
import { type KeyAlgorithm, keyAlgorithmOf } from '../public-key';
import type { KeyHost, ServiceKey, RemoteKey } from '../backend';
import { type AwsConnection, connectAws } from './client';
import { awsFailure } from './failure';
import type { AwsKeyReference } from './reference';

const ALGORITHMS: Readonly<Record<KeyAlgorithm, SigningAlgorithmSpec>> = {
  'ecdsa-p256-sha256': 'ECDSA_SHA_256',
  'rsa-pkcs1v15-sha256': 'RSASSA_PKCS1_V1_5_SHA_256',
};

export function descriptionOf({ ref }: AwsKeyReference): string {
  return `the AWS KMS key ${ref}`;
}

function unsupported(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'KEY_UNSUPPORTED', message, cause });
}

function publicKeyFrom(response: GetPublicKeyCommandOutput, description: string): KeyObject {
  if (response.KeyUsage !== undefined && response.KeyUsage !== 'SIGN_VERIFY') {
    throw unsupported(
      `${description} is for ${response.KeyUsage}, not for signing; create one with key usage SIGN_VERIFY and key spec ECC_NIST_P256`,
    );
  }
  try {
    const key = Buffer.from(response.PublicKey ?? new Uint8Array());
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch (error) {
    throw unsupported(
      `${description} has a public key that cannot be read (${response.KeySpec ?? 'no key spec'})`,
      error,
    );
  }
}

/** Returns the algorithm to sign with, or throws if the key offers no supported one. */
function algorithmOf(
  publicKey: KeyObject,
  { SigningAlgorithms: offered, KeySpec }: GetPublicKeyCommandOutput,
  description: string,
): SigningAlgorithmSpec {
  try {
    const algorithm = ALGORITHMS[keyAlgorithmOf(publicKey)];
    if (offered === undefined || offered.includes(algorithm)) return algorithm;
    throw unsupported(`it signs with ${offered.join(', ')}, not with ${algorithm}`);
  } catch (error) {
    const { message } = asSignedImageError(error, { code: 'KEY_UNSUPPORTED', message: 'unknown' });
    throw unsupported(`${description} (${KeySpec ?? 'no key spec'}): ${message}`);
  }
}

/** Fetches the public key and its algorithm; also used for a newly created key. */
export async function fetchAwsPublicKey(
  { sdk, client }: AwsConnection,
  reference: AwsKeyReference,
): Promise<{ readonly publicKey: KeyObject; readonly algorithm: SigningAlgorithmSpec }> {
  const description = descriptionOf(reference);
  let response: GetPublicKeyCommandOutput;
  try {
    response = await client.send(new sdk.GetPublicKeyCommand({ KeyId: reference.keyId }));
  } catch (error) {
    throw await awsFailure(description, 'kms:GetPublicKey', error, client);
  }
  const publicKey = publicKeyFrom(response, description);
  return { publicKey, algorithm: algorithmOf(publicKey, response, description) };
}

async function openAwsKey(reference: AwsKeyReference, host: KeyHost): Promise<ServiceKey> {
  const connection = await connectAws(reference, host);
  const { publicKey, algorithm } = await fetchAwsPublicKey(connection, reference);
  const { sdk, client } = connection;
  return {
    publicKey,
    async sign({ digest }) {
      try {
        const { Signature } = await client.send(
          new sdk.SignCommand({
            KeyId: reference.keyId,
            Message: digest,
            MessageType: 'DIGEST',
            SigningAlgorithm: algorithm,
          }),
        );
        return Buffer.from(Signature ?? new Uint8Array());
      } catch (error) {
        throw await awsFailure(descriptionOf(reference), 'kms:Sign', error, client);
      }
    },
  };
}

/**
 * Returns the backend of a key in AWS KMS, which returns ECDSA signatures as DER:
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
 */
export function awsRemoteKey(reference: AwsKeyReference): RemoteKey {
  return {
    kind: 'service',
    description: descriptionOf(reference),
    open: (host) => openAwsKey(reference, host),
  };
}
