import { type Descriptor, digestOf, type RegistryClient, type Repository } from '../../src/oci';
import { signImage } from '../../src/sign';
import { readBundles, writeBundle } from '../../src/storage';
import { readReferrers } from '../../src/storage/referrer-read';
import { freshRepository, type Lab, newKey, openLab, pushImage } from '../verify/support/lab';
import { bundleFromJSON } from '@sigstore/bundle';

let lab: Lab;
let repository: Repository;
let image: Descriptor;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());
beforeEach(async () => {
  repository = freshRepository(lab);
  image = await pushImage(lab, repository);
});

async function signed() {
  const { material } = newKey(lab);
  const targets = [{ manifest: image, annotations: {}, provenance: undefined }];
  const [stored] = await signImage({ repository, targets, format: 'bundle', material }, lab.client);
  if (!stored) throw new Error('nothing was signed');
  return stored;
}

/** Changes a stored referrer manifest, and lists the changed one instead. */
function relisted(stored: string, change: (manifest: Loose) => void): RegistryClient {
  const { bytes, mediaType } = lab.registry.store.getManifest(repository.path, stored) ?? {};
  const manifest = JSON.parse(String(bytes)) as Loose;
  change(manifest);
  const changed = Buffer.from(JSON.stringify(manifest));
  const digest = lab.registry.store.putManifest(repository.path, {
    mediaType: String(mediaType),
    bytes: changed,
  });
  return {
    ...lab.client,
    referrers: async () => [
      {
        mediaType: String(mediaType),
        digest: digest as Descriptor['digest'],
        size: changed.length,
      },
    ],
  };
}

interface Loose {
  subject: { digest: string };
  layers: { mediaType: string; size: number; digest: string }[];
}

const read = (client: RegistryClient) => readBundles(client, repository, image.digest);

test('what is listed for an image, and refers to another one, is not used', async () => {
  const { stored } = await signed();
  const other = await pushImage(lab, repository);
  const { candidates, unusable } = await read(
    relisted(stored, (manifest) => {
      manifest.subject.digest = other.digest;
    }),
  );
  expect(candidates).toEqual([]);
  expect(unusable).toMatchObject([
    { purpose: 'signature', reason: expect.stringContaining('refers to another image') },
  ]);
});

test('a bundle that is not there, or larger than is read, is not used', async () => {
  const { stored } = await signed();
  const huge = relisted(stored, ({ layers: [layer] }) => {
    if (layer) layer.size = 17 * 1024 * 1024;
  });
  expect((await read(huge)).unusable[0]?.reason).toMatch(/exceeds the limit/);
  const gone = relisted(stored, ({ layers: [layer] }) => {
    if (layer) layer.digest = `sha256:${'0'.repeat(64)}`;
  });
  expect((await read(gone)).unusable[0]?.reason).toMatch(/does not have its bundle/);
});

test('other artifacts and missing ones are ignored', async () => {
  const { stored } = await signed();
  const sbom = relisted(stored, ({ layers: [layer] }) => {
    if (layer) layer.mediaType = 'application/spdx+json';
  });
  const nothing = { candidates: [], unusable: [], unread: [] };
  expect(await read(sbom)).toEqual(nothing);
  const listing = (descriptor: Partial<Descriptor>): RegistryClient => ({
    ...lab.client,
    referrers: async () => [{ ...image, ...descriptor }],
  });
  const absent = `sha256:${'1'.repeat(64)}` as Descriptor['digest'];
  expect(await read(listing({ digest: absent }))).toEqual(nothing);
  expect(await read(listing({ mediaType: 'application/vnd.oci.image.index.v1+json' }))).toEqual(
    nothing,
  );
  expect(await read(listing({ size: 5_000_000 }))).toEqual(nothing);
  const artifactType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  expect((await read(listing({ size: 5_000_000, artifactType }))).unusable).toHaveLength(1);
});

test('more referrers than the limit are reported, not truncated', async () => {
  const referrers = Array.from({ length: 2501 }, (_, at) => ({
    ...image,
    digest: digestOf(Buffer.from(String(at))),
  }));
  const many: RegistryClient = { ...lab.client, referrers: async () => referrers };
  await expect(read(many)).rejects.toMatchObject({ code: 'CONTENT_TOO_LARGE' });
});

describe('a registry that does not list what it took', () => {
  test('is read again, and again, and then reported', async () => {
    const { bundle } = await signed();
    let reads = 0;
    const forgetful: RegistryClient = {
      ...lab.client,
      referrers: async () => {
        reads += 1;
        return [];
      },
    };
    const store = {
      repository,
      subject: image,
      bundle: bundleFromJSON(bundle),
      predicateType: 'https://sigstore.dev/cosign/sign/v1',
      signedAt: new Date(0),
    };
    const written = await writeBundle(forgetful, store);
    await expect(written.confirm(readReferrers(forgetful, repository))).rejects.toMatchObject({
      code: 'REGISTRY_CONFLICT',
    });
    expect(reads).toBeGreaterThan(2);
  });

  test('gets it again when the entry was lost before the end of the run', async () => {
    const { bundle } = await signed();
    const written = await writeBundle(lab.client, {
      repository,
      subject: image,
      bundle: bundleFromJSON(bundle),
      predicateType: 'https://sigstore.dev/cosign/sign/v1',
      signedAt: new Date(0),
    });
    lab.registry.store.deleteManifest(repository.path, written.digest);
    await written.confirm(readReferrers(lab.client, repository));
    const listed = await lab.client.referrers(repository, image.digest);
    expect(listed.map(({ digest }) => digest)).toContain(written.digest);
  });
});
