import {
  type Descriptor,
  digestOf,
  OCI_INDEX,
  type RegistryClient,
  type Repository,
} from '../../src/oci';
import { manifestsToSign } from '../../src/verify';
import { readImageManifests } from '../../src/verify/image-manifests';
import {
  freshRepository,
  type Lab,
  onPlatform,
  openLab,
  pushImage,
  pushIndex,
} from './support/lab';

let lab: Lab;
let repository: Repository;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());
beforeEach(() => {
  repository = freshRepository(lab);
});

const AMD64 = { os: 'linux', architecture: 'amd64' };

const signable = async (root: Descriptor, client: RegistryClient = lab.client) =>
  (await manifestsToSign(repository, root.digest, client)).map(({ descriptor, platform }) => [
    descriptor.digest,
    platform,
  ]);

test('an image is one manifest', async () => {
  const image = await pushImage(lab, repository);
  expect(await signable(image)).toEqual([[image.digest, undefined]]);
});

test('an index is itself and each manifest once, with those of an index in it', async () => {
  const image = await pushImage(lab, repository);
  const deep = await pushImage(lab, repository);
  const inner = await pushIndex(lab, repository, [onPlatform(deep, AMD64)]);
  const root = await pushIndex(lab, repository, [image, onPlatform(image, AMD64), inner]);
  expect(await signable(root)).toEqual([
    [root.digest, undefined],
    [image.digest, undefined],
    [inner.digest, undefined],
    [deep.digest, 'linux/amd64'],
  ]);
});

test('a manifest that only claims to be an attestation must be signed: it could run', async () => {
  const image = await pushImage(lab, repository);
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
  const root = await pushIndex(lab, repository, [{ ...onPlatform(image, AMD64), annotations }]);
  expect(await signable(root)).toHaveLength(2);
});

test('indexes nested too deeply are refused', async () => {
  let root = await pushImage(lab, repository);
  for (let depth = 0; depth < 3; depth += 1) root = await pushIndex(lab, repository, [root]);
  await expect(signable(root)).rejects.toMatchObject({
    code: 'CONTENT_MALFORMED',
    message: expect.stringContaining('nested deeper'),
  });
});

test('too many manifests are refused', async () => {
  const image = await pushImage(lab, repository);
  const many = Array.from({ length: 130 }, (_, n) => ({
    ...image,
    digest: `sha256:${n.toString(16).padStart(64, '0')}` as Descriptor['digest'],
  }));
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: many }),
  );
  lab.registry.store.putManifest(repository.path, { mediaType: OCI_INDEX, bytes });
  const root = { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length };
  await expect(signable(root)).rejects.toMatchObject({ code: 'CONTENT_TOO_LARGE' });
});

test('an index with a manifest that is not there cannot be signed', async () => {
  const image = await pushImage(lab, repository);
  const root = await pushIndex(lab, repository, [onPlatform(image, AMD64)]);
  lab.registry.store.deleteManifest(repository.path, image.digest);
  await expect(signable(root)).rejects.toMatchObject({
    code: 'CONTENT_MALFORMED',
    message: expect.stringContaining(`linux/amd64 ${image.digest}`),
  });
  lab.registry.settings.faults = ({ path }) =>
    path.endsWith(image.digest) ? { status: 403 } : undefined;
  await expect(signable(root)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  lab.registry.settings.faults = undefined;
});

test('bytes are hashed here too, independent of the client', async () => {
  const image = await pushImage(lab, repository);
  const gullible: RegistryClient = {
    ...lab.client,
    getManifest: async (where, target) => {
      const fetched = await lab.client.getManifest(where, target);
      return fetched && { ...fetched, bytes: Buffer.from('{"schemaVersion":2}') };
    },
  };
  await expect(readImageManifests(repository, image.digest, gullible)).rejects.toMatchObject({
    code: 'CONTENT_MISMATCH',
  });
});
