import { generateKeyPairSync, randomBytes } from 'node:crypto';

import type { TrustedRoot } from '@sigstore/protobuf-specs';

import { type RunningRegistry, startRegistry } from '../../../dev/registry';
import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';
import { type BuildRun, provenanceStatement } from '../../../src/attest';
import {
  createRegistryClient,
  type Descriptor,
  type Digest,
  digestOf,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
  type Platform,
  type RegistryClient,
  type Repository,
} from '../../../src/oci';
import {
  createKeylessSigner,
  createKeySigner,
  createWitnesses,
  parseTrustedRoot,
  type PublicKey,
  type SigningMaterial,
  type SigningTarget,
} from '../../../src/sign';
import type { VerificationPolicy } from '../../../src/verify';

export const IDENTITY = 'https://ci.example.com/team/app/release.yml@refs/heads/main';
export const COMMIT = '1234567890abcdef1234567890abcdef12345678';
export const BUILDER = 'https://ci.example.com/runner';

/** A registry and a Sigstore instance for one test file, with helpers. */
export interface Lab {
  readonly registry: RunningRegistry;
  readonly sigstore: RunningSigstore;
  readonly client: RegistryClient;
  readonly trustedRoot: TrustedRoot;
  close(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  const [registry, sigstore] = await Promise.all([startRegistry(), startSigstore()]);
  const client = createRegistryClient({ dockerConfig: 'none' });
  return {
    registry,
    sigstore,
    client,
    trustedRoot: parseTrustedRoot(JSON.stringify(sigstore.trustedRoot)),
    close: async () => {
      await client.close();
      await Promise.all([registry.close(), sigstore.close()]);
    },
  };
}

let repositories = 0;

/** A repository that no other test uses. */
export function freshRepository({ registry }: Lab): Repository {
  repositories += 1;
  return { registry: registry.host, path: `team/app-${repositories}` };
}

function putJson(lab: Lab, repository: Repository, json: object, mediaType: string) {
  const bytes = Buffer.from(JSON.stringify(json));
  return lab.client.putManifest(repository, digestOf(bytes), bytes, mediaType);
}

/** An image with random content. */
export async function pushImage(
  lab: Lab,
  repository: Repository,
  manifestExtra: object = {},
): Promise<Descriptor> {
  const layer = await lab.client.putBlob(
    repository,
    randomBytes(32),
    'application/vnd.oci.image.layer.v1.tar',
  );
  const config = await lab.client.putBlob(
    repository,
    Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux' })),
    OCI_CONFIG,
  );
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] };
  return putJson(lab, repository, { ...manifest, ...manifestExtra }, OCI_MANIFEST);
}

export function pushIndex(
  lab: Lab,
  repository: Repository,
  manifests: readonly Descriptor[],
): Promise<Descriptor> {
  return putJson(lab, repository, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX);
}

export function onPlatform(descriptor: Descriptor, platform: Platform): Descriptor {
  return { ...descriptor, platform };
}

export interface KeyPair {
  readonly material: SigningMaterial;
  readonly publicKey: PublicKey;
}

export interface WitnessChoice {
  readonly log?: boolean;
  readonly timestamp?: boolean;
}

function witnesses({ sigstore }: Lab, { log = false, timestamp = false }: WitnessChoice) {
  return createWitnesses({
    logs: log ? [{ url: sigstore.rekorUrl, version: 1 }] : [],
    authorities: timestamp ? [{ url: sigstore.tsaUrl }] : [],
  });
}

/** A signer with a new P-256 key. */
export function newKey(lab: Lab, choice: WitnessChoice = {}): KeyPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = createKeySigner(privateKey);
  const { keyId, pem } = signer.publicKey;
  return {
    publicKey: signer.publicKey,
    material: {
      signer,
      description: { kind: 'key', keyId, publicKey: pem },
      witnesses: witnesses(lab, choice),
    },
  };
}

/** A signer with certificates of the lab's Fulcio. */
export function keyless(
  lab: Lab,
  subject: string = IDENTITY,
  choice: WitnessChoice = { log: true },
): SigningMaterial {
  const { fulcioUrl, issuer } = lab.sigstore;
  return {
    signer: createKeylessSigner({
      fulcioUrl,
      identityProvider: { getToken: async () => issuer.token({ subject }) },
    }),
    description: { kind: 'keyless', identity: subject, issuer: issuer.url },
    witnesses: witnesses(lab, choice),
  };
}

export function provenanceOf(
  repository: Repository,
  digest: Digest,
  run: Partial<BuildRun> = {},
  commit: string = COMMIT,
) {
  return provenanceStatement({
    digest,
    instructions: {
      repository,
      context: '.',
      dockerfile: 'Dockerfile',
      args: { VERSION: '1' },
      secretIds: ['npm'],
      platforms: [],
      builder: 'auto',
      parameters: {},
    },
    materials: { repository: 'https://git.example.com/team/app', branch: 'main', commit },
    run: {
      builderId: BUILDER,
      system: 'git',
      startedOn: '2026-01-02T03:04:05Z',
      finishedOn: '2026-01-02T03:05:05Z',
      ...run,
    },
  });
}

export function target(
  repository: Repository,
  manifest: Descriptor,
  annotations: Readonly<Record<string, string>> = { commit: COMMIT },
): SigningTarget {
  return { manifest, annotations, provenance: provenanceOf(repository, manifest.digest) };
}

export function policy(parts: Partial<VerificationPolicy>): VerificationPolicy {
  return {
    keys: [],
    identities: [],
    annotations: {},
    format: 'bundle',
    transparency: 'none',
    provenance: undefined,
    trustedRoot: undefined,
    platforms: true,
    ...parts,
  };
}

/** The code of what a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
  return 'none: it was accepted';
}
