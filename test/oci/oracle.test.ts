import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type RunningRegistry, startRegistry } from '../../dev/registry';
import {
  type Descriptor,
  digestOf,
  fallbackTag,
  formatRepository,
  isJsonObject,
  OCI_EMPTY,
  OCI_MANIFEST,
} from '../../src/oci';
import { repositoryOf, storeImage, testClient } from './support/registry-fixture';

const TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const ARTIFACT = Buffer.from('{"mediaType":"a bundle"}');
const CREATED = 'org.opencontainers.image.created';

/** @sigstore/oci is maintained by Sigstore: what it writes, we write. */
describe.each([
  ['with the referrers API', true, false],
  ['without the referrers API', false, false],
  ['without it but claiming the subject', false, true],
])('the same referrer as @sigstore/oci, %s', (_, referrersApi, claimsSubject) => {
  let registry: RunningRegistry;
  beforeEach(async () => {
    registry = await startRegistry({ settings: { referrersApi, claimsSubject } });
  });
  afterEach(() => registry.close());

  it('manifest, blobs and list of referrers are equal', async () => {
    // In the order in which they are written there, so that the very bytes are equal.
    const annotations = {
      [CREATED]: '2026-01-01T00:00:00Z',
      'dev.sigstore.bundle.content': 'dsse-envelope',
    };
    const theirs = storeImage(registry, 'their/app');
    const ours = storeImage(registry, 'our/app');
    expect(ours).toEqual(theirs);

    await promisify(execFile)(process.execPath, [
      join(__dirname, 'support', 'attach-by-sigstore.cjs'),
      JSON.stringify({
        imageName: formatRepository(repositoryOf(registry, 'their/app')),
        imageDigest: theirs.digest,
        artifact: ARTIFACT.toString(),
        mediaType: TYPE,
        annotations,
      }),
    ]);
    await attachOurs(ours, annotations);

    expect(stateOf('our/app')).toEqual(stateOf('their/app'));
    const { client } = testClient();
    const list = async (path: string): Promise<readonly Descriptor[]> =>
      client.referrers(repositoryOf(registry, path), ours.digest);
    expect(await list('our/app')).toEqual(await list('their/app'));
    expect(await list('our/app')).toHaveLength(1);
    await client.close();
  });

  async function attachOurs(
    subject: Descriptor,
    annotations: Record<string, string>,
  ): Promise<void> {
    const { client } = testClient();
    const repository = repositoryOf(registry, 'our/app');
    const artifact = await client.putBlob(repository, ARTIFACT, TYPE);
    const config = await client.putBlob(repository, Buffer.from('{}'), OCI_EMPTY);
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: TYPE,
      config,
      layers: [artifact],
      subject,
      annotations,
    };
    await client.putReferrer(
      repository,
      subject,
      Buffer.from(JSON.stringify(manifest)),
      OCI_MANIFEST,
    );
    await client.close();
  }

  /** All manifests but the image, as JSON; digests in the list are those of equal manifests. */
  function stateOf(path: string): unknown {
    const documents = [...registry.store.manifests(path).values()].map(
      ({ bytes }) => JSON.parse(bytes.toString()) as unknown,
    );
    const manifests = documents.filter(
      (document) => isJsonObject(document) && 'subject' in document,
    );
    const tag = registry.store.getManifest(path, fallbackTag(imageDigest(path)));
    const index =
      tag && (JSON.parse(tag.bytes.toString()) as { manifests: Record<string, unknown>[] });
    const entries = index?.manifests.map(({ digest: _digest, ...entry }) => entry);
    return {
      manifests,
      index: index && { ...index, manifests: entries },
      blob: registry.store.getBlob(path, digestOf(ARTIFACT))?.toString(),
    };
  }

  function imageDigest(path: string): Descriptor['digest'] {
    return digestOf(registry.store.getManifest(path, 'latest')?.bytes ?? Buffer.alloc(0));
  }
});
