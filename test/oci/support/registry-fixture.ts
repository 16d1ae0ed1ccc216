import type { RunningRegistry } from '../../../dev/registry';
import { SignedImageError } from '../../../src/error';
import {
  createRegistryClient,
  type Descriptor,
  type Digest,
  digestOf,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_MANIFEST,
  parseReference,
  parseTag,
  type RegistryClient,
  type RegistryClientOptions,
  type Repository,
} from '../../../src/oci';

export const LATEST = parseTag('latest');

export function repositoryOf(registry: { readonly host: string }, path = 'team/app'): Repository {
  return parseReference(`${registry.host}/${path}`).repository;
}

/** A client that does not read the machine's config, and the delays that it requested. */
export function testClient(options: RegistryClientOptions = {}): {
  readonly client: RegistryClient;
  readonly waits: number[];
} {
  const waits: number[] = [];
  const client = createRegistryClient({
    dockerConfig: 'none',
    clock: {
      sleep: async (milliseconds) => {
        waits.push(milliseconds);
      },
      random: () => 0,
    },
    ...options,
  });
  return { client, waits };
}

/** The image that most tests need, put straight into the registry. */
export function storeImage(
  registry: RunningRegistry,
  path = 'team/app',
  note = 'an image',
): Descriptor {
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', note }));
  registry.store.putBlob(path, config);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.length },
      layers: [],
    }),
  );
  registry.store.putManifest(path, { mediaType: OCI_MANIFEST, bytes }, { tag: 'latest' });
  return { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length };
}

const EMPTY = Buffer.from('{}');
export const ARTIFACT_TYPE = 'application/vnd.example.signature+json';

/** The bytes of a manifest that attaches `content` to `subject`, and what must be uploaded first. */
export function referrerOf(
  subject: Descriptor,
  content: string,
  annotations: Readonly<Record<string, string>> = { made: 'here' },
): { readonly bytes: Buffer; readonly digest: Digest; readonly blobs: readonly Buffer[] } {
  const blob = Buffer.from(content);
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: ARTIFACT_TYPE,
      config: { digest: digestOf(EMPTY), size: EMPTY.length, mediaType: OCI_EMPTY },
      layers: [{ digest: digestOf(blob), size: blob.length, mediaType: ARTIFACT_TYPE }],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
      annotations,
    }),
  );
  return { bytes, digest: digestOf(bytes), blobs: [EMPTY, blob] };
}

/** Uploads and attaches by the client under test. */
export async function attach(
  client: RegistryClient,
  repository: Repository,
  subject: Descriptor,
  content: string,
): Promise<Descriptor> {
  const { bytes, blobs } = referrerOf(subject, content);
  for (const blob of blobs) await client.putBlob(repository, blob, ARTIFACT_TYPE);
  return (await client.putReferrer(repository, subject, bytes, OCI_MANIFEST)).descriptor;
}

/** The error of ours that a promise ends with; fails when it ends well or with another error. */
export async function refusalOf(promise: Promise<unknown>): Promise<SignedImageError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SignedImageError) return error;
    throw error;
  }
  throw new Error('it was expected to be refused, and was not');
}
