import { generateKeyPairSync } from 'node:crypto';

import {
  createRegistryClient,
  type Digest,
  parseReference,
  type RegistryClient,
  type Repository,
} from '../../src/oci';
import {
  createKeySigner,
  type FindSignature,
  type PublicKey,
  type SignatureFormat,
  signImage,
  type SigningMaterial,
} from '../../src/sign';
import { type VerificationPolicy, verifyImage } from '../../src/verify';

/** Signing material with a new key, without a log and timestamps. */
export function newMaterial(): SigningMaterial & { readonly publicKey: PublicKey } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = createKeySigner(privateKey);
  const { keyId, pem } = signer.publicKey;
  const description = { kind: 'key', keyId, publicKey: pem } as const;
  return { signer, description, witnesses: [], publicKey: signer.publicKey };
}

export interface Target {
  readonly client: RegistryClient;
  readonly repository: Repository;
  readonly digest: Digest;
}

export function targetAt(reference: string, digest: Digest): Target {
  const { repository } = parseReference(reference);
  const client = createRegistryClient({ dockerConfig: 'none' });
  return { client, repository, digest };
}

export async function sign(
  { client, repository, digest }: Target,
  material: SigningMaterial,
  format: SignatureFormat,
  annotations: Readonly<Record<string, string>> = {},
  alreadySigned?: FindSignature,
): Promise<void> {
  const manifest = await client.resolve(repository, digest);
  if (!manifest) throw new Error('the image does not exist');
  const targets = [{ manifest, annotations, provenance: undefined }];
  const request = { repository, targets, format, material };
  await signImage(request, client, undefined, alreadySigned && { alreadySigned });
}

/** Whether a signature of this key in this format verifies. */
export async function isSignedBy(
  { client, repository, digest }: Target,
  key: PublicKey,
  format: SignatureFormat,
): Promise<boolean> {
  const policy: VerificationPolicy = {
    keys: [key],
    identities: [],
    annotations: {},
    format,
    transparency: 'none',
    provenance: undefined,
    trustedRoot: undefined,
    platforms: true,
  };
  return verifyImage(repository, digest, policy, client).then(
    ({ verified }) => verified,
    () => false,
  );
}
