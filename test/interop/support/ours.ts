import { provenanceStatement } from '../../../src/attest';
import {
  createRegistryClient,
  parseDigest,
  parseReference,
  type RegistryClient,
} from '../../../src/oci';
import { createSigningMaterial, type SignatureFormat, signImage } from '../../../src/sign';
import { type VerificationPolicy, type VerificationReport, verifyImage } from '../../../src/verify';
import type { PushedImage, PushedManifest } from './images';
import { type TestSigner, trustedRootOf } from './signers';
import type { Stack } from './stack';

export const ANNOTATIONS = { commit: '0123abcd', 'org.example/branch': 'main' };
export const BUILDER = 'https://ci.example.com/builder';

async function withClient<T>(use: (client: RegistryClient) => Promise<T>): Promise<T> {
  const client = createRegistryClient({ dockerConfig: 'none' });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

function provenanceOf(image: PushedImage, digest: string) {
  const { repository } = parseReference(image.repository);
  return provenanceStatement({
    digest: parseDigest(digest),
    instructions: {
      repository,
      context: '.',
      dockerfile: 'Dockerfile',
      args: { VERSION: '1' },
      secretIds: [],
      platforms: [],
      builder: 'auto',
      parameters: {},
    },
    materials: { repository: 'https://example.com/acme/app', commit: '0123abcd'.repeat(5) },
    run: {
      builderId: BUILDER,
      system: 'none',
      startedOn: '2026-01-01T00:00:00Z',
      finishedOn: '2026-01-01T00:01:00Z',
    },
  });
}

export interface OurSigning {
  readonly format: SignatureFormat;
  /** Default: true. */
  readonly provenance?: boolean;
  /** Default: the image and its platforms. */
  readonly manifests?: readonly PushedManifest[];
  /** The reference that the image claims in the legacy format. */
  readonly signedIdentity?: string;
}

/** Signs an image and its platforms as the component does. */
export async function signWithOurs(
  image: PushedImage,
  signer: TestSigner,
  options: OurSigning,
): Promise<void> {
  const {
    format,
    provenance = true,
    signedIdentity,
    manifests = [image, ...image.platforms],
  } = options;
  await withClient(async (client) => {
    const material = await createSigningMaterial(signer.config, signer.host);
    const { repository } = parseReference(image.repository);
    const targets = manifests.map(({ mediaType, digest, size }) => ({
      manifest: { mediaType, digest: parseDigest(digest), size },
      annotations: ANNOTATIONS,
      provenance: provenance ? provenanceOf(image, digest) : undefined,
    }));
    await signImage({ repository, targets, format, signedIdentity, material }, client);
  });
}

export function policyOf(
  stack: Stack,
  signer: TestSigner,
  change: Partial<VerificationPolicy> = {},
): VerificationPolicy {
  return {
    keys: signer.keys,
    identities: signer.identities,
    annotations: ANNOTATIONS,
    format: 'any',
    transparency: signer.transparency,
    provenance: { builderId: BUILDER },
    trustedRoot: trustedRootOf(stack),
    platforms: true,
    ...change,
  };
}

export function verifyWithOurs(
  image: PushedImage,
  policy: VerificationPolicy,
): Promise<VerificationReport> {
  const { repository } = parseReference(image.repository);
  return withClient((client) => verifyImage(repository, parseDigest(image.digest), policy, client));
}
