import { type KeyObject, createPublicKey } from 'node:crypto';

import type { KeyManagementServiceClient, protos } from '@google-cloud/kms';

import { SignedImageError, asSignedImageError } from '../../error';
import type { KeyHost, ServiceKey, RemoteKey } from '../backend';
import { CALL_OPTIONS, connectGcp } from './client';
import { gcpFailure } from './failure';
import { type GcpKeyReference, keyName, versionName } from './reference';
import { type KeyAlgorithm, keyAlgorithmOf } from '../public-key';

type PublicKeyResponse = protos.google.cloud.kms.v1.IPublicKey;
type Checksum = protos.google.protobuf.IInt64Value | null | undefined;

/** https://cloud.google.com/kms/docs/algorithms: those that every verifier accepts. */
const ALGORITHMS: Readonly<Record<string, KeyAlgorithm>> = {
  EC_SIGN_P256_SHA256: 'ecdsa-p256-sha256',
  RSA_SIGN_PKCS1_2048_SHA256: 'rsa-pkcs1v15-sha256',
  RSA_SIGN_PKCS1_3072_SHA256: 'rsa-pkcs1v15-sha256',
};

export function gcpDescription({ ref }: GcpKeyReference): string {
  return `the Google Cloud KMS key ${ref}`;
}

function keyError(
  code: 'KEY_UNSUPPORTED' | 'KEY_SERVICE_FAILED' | 'KEY_NOT_FOUND',
  message: string,
  cause?: unknown,
): SignedImageError {
  return new SignedImageError({ code, message, cause });
}

/** https://cloud.google.com/kms/docs/data-integrity-guidelines */
function isIntact(bytes: Uint8Array, checksum: Checksum): boolean {
  return checksum?.value !== null && checksum?.value !== undefined
    ? BigInt(checksum.value.toString()) === BigInt(crc32c(bytes))
    : false;
}

function corrupted(description: string, what: string): SignedImageError {
  return keyError(
    'KEY_SERVICE_FAILED',
    `${description}: ${what} was corrupted in transit (its CRC32C does not match); run again, and if it persists check for a proxy that modifies traffic`,
  );
}

/** Compares versions as numbers: as text, version 9 would come after version 10. */
async function newestVersion(
  client: KeyManagementServiceClient,
  reference: GcpKeyReference,
  description: string,
): Promise<string> {
  const parent = keyName(reference);
  let versions: protos.google.cloud.kms.v1.ICryptoKeyVersion[];
  try {
    [versions] = await client.listCryptoKeyVersions(
      { parent, filter: 'state=ENABLED' },
      CALL_OPTIONS,
    );
  } catch (error) {
    throw gcpFailure(description, 'cloudkms.cryptoKeyVersions.list', error);
  }
  const numbers = versions
    .filter(({ state }) => state === 'ENABLED')
    .map(({ name }) => Number(name?.split('/').at(-1)));
  if (numbers.length === 0) {
    throw keyError(
      'KEY_UNSUPPORTED',
      `${description} has no enabled version; enable one or create a new one (\`gcloud kms keys versions create\`)`,
    );
  }
  return String(Math.max(...numbers));
}

function publicKeyFrom(response: PublicKeyResponse, name: string, description: string): KeyObject {
  const algorithm = String(response.algorithm);
  const expected = ALGORITHMS[algorithm];
  if (expected === undefined) {
    throw keyError(
      'KEY_UNSUPPORTED',
      `${description} has the algorithm ${algorithm}; signing needs ${Object.keys(ALGORITHMS).join(', ')} (not every verifier accepts others)`,
    );
  }
  const pem = response.pem ?? '';
  if (!isIntact(Buffer.from(pem), response.pemCrc32c) || response.name !== name) {
    throw corrupted(description, 'the public key');
  }
  try {
    const key = createPublicKey(pem);
    if (keyAlgorithmOf(key) === expected) return key;
  } catch (error) {
    const { message } = asSignedImageError(error, {
      code: 'KEY_UNSUPPORTED',
      message: 'the public key cannot be read',
    });
    throw keyError('KEY_UNSUPPORTED', `${description}: ${message}`, error);
  }
  throw keyError('KEY_UNSUPPORTED', `${description} does not match its algorithm ${algorithm}`);
}

async function fetchPublicKey(
  client: KeyManagementServiceClient,
  name: string,
  description: string,
): Promise<KeyObject> {
  let response: PublicKeyResponse;
  try {
    [response] = await client.getPublicKey({ name }, CALL_OPTIONS);
  } catch (error) {
    throw gcpFailure(description, 'cloudkms.cryptoKeyVersions.viewPublicKey', error);
  }
  return publicKeyFrom(response, name, description);
}

async function signDigest(
  client: KeyManagementServiceClient,
  name: string,
  digest: Buffer,
  description: string,
): Promise<Buffer> {
  let response: protos.google.cloud.kms.v1.IAsymmetricSignResponse;
  try {
    [response] = await client.asymmetricSign(
      { name, digest: { sha256: digest }, digestCrc32c: { value: crc32c(digest) } },
      CALL_OPTIONS,
    );
  } catch (error) {
    throw gcpFailure(description, 'cloudkms.cryptoKeyVersions.useToSign', error);
  }
  if (response.verifiedDigestCrc32c !== true || response.name !== name) {
    throw corrupted(description, 'the request to sign');
  }
  // With `bytes: Buffer` the SDK's loader never gives text here.
  const signature = Buffer.from((response.signature ?? new Uint8Array()) as Uint8Array);
  if (!isIntact(signature, response.signatureCrc32c)) throw corrupted(description, 'the signature');
  return signature;
}

/** The version is chosen once, so that signatures are made with the version whose public key was fetched. */
export async function openGcpKey(
  client: KeyManagementServiceClient,
  reference: GcpKeyReference,
): Promise<ServiceKey> {
  const description = gcpDescription(reference);
  const version = reference.version ?? (await newestVersion(client, reference, description));
  const name = versionName(reference, version);
  return {
    publicKey: await fetchPublicKey(client, name, description),
    sign: ({ digest }) => signDigest(client, name, digest, description),
  };
}

/** Returns the backend of a key in Google Cloud KMS: https://cloud.google.com/kms/docs/reference/rpc/google.cloud.kms.v1 */
export function gcpRemoteKey(reference: GcpKeyReference): RemoteKey {
  return {
    kind: 'service',
    description: gcpDescription(reference),
    open: async (host: KeyHost) => openGcpKey(await connectGcp(host), reference),
  };
}

/** The reversed polynomial of CRC32C (Castagnoli): https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4 */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
  return value;
});

/** Returns the CRC32C as an unsigned number: Cloud KMS checks it, and node:zlib does not provide it. */
export function crc32c(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
