import type { Repository } from '../../src/oci';
import { signImage, type SigningMaterial } from '../../src/sign';
import { encodeBundleManifest } from '../../src/storage';
import { inspectImage, type VerificationPolicy, verifyImage } from '../../src/verify';
import {
  codeOf,
  freshRepository,
  type Lab,
  keyless,
  newKey,
  openLab,
  policy,
  pushImage,
  pushIndex,
  onPlatform,
  target,
} from './support/lab';
import { legacyTagOf } from './support/stored';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());
afterEach(() => {
  Object.assign(lab.registry.settings, { faults: undefined, referrersApi: true });
});

type Image = Awaited<ReturnType<typeof pushImage>>;

async function scene() {
  const repository = freshRepository(lab);
  return { repository, image: await pushImage(lab, repository) };
}

const sign = (
  repository: Repository,
  image: Image,
  material: SigningMaterial,
  format: 'bundle' | 'legacy' | 'both' = 'bundle',
) => signImage({ repository, targets: [target(repository, image)], format, material }, lab.client);

const inspect = (repository: Repository, image: Image, required: VerificationPolicy) =>
  inspectImage(repository, image.digest, required, lab.client);

async function partsOf(repository: Repository, image: Image, required: VerificationPolicy) {
  const report = await inspect(repository, image, required);
  return report.manifests[0]?.parts.map(({ status, code }) => `${status} ${code ?? ''}`.trim());
}

describe('the four answers', () => {
  test('present', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material, 'both');
    const required = policy({ keys: [publicKey], format: 'both', provenance: {} });
    expect(await partsOf(repository, image, required)).toEqual(Array(4).fill('present'));
  });

  test('missing, where nothing or only something else is stored', async () => {
    const { repository, image } = await scene();
    const { publicKey } = newKey(lab);
    const required = policy({ keys: [publicKey], format: 'both', provenance: {} });
    const missing = ['missing VERIFY_UNSIGNED', 'missing VERIFY_PROVENANCE_MISSING'];
    expect(await partsOf(repository, image, required)).toEqual([...missing, ...missing]);
    expect(await codeOf(verifyImage(repository, image.digest, required, lab.client))).toBe(
      'VERIFY_UNSIGNED',
    );
  });

  test('missing: a provenance is not a signature, though the same key signed it', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material);
    for (const { digest, annotations } of await lab.client.referrers(repository, image.digest)) {
      if (annotations?.['dev.sigstore.bundle.predicateType']?.includes('cosign')) {
        lab.registry.store.deleteManifest(repository.path, digest);
      }
    }
    const required = policy({ keys: [publicKey], provenance: {} });
    expect(await partsOf(repository, image, required)).toEqual([
      'missing VERIFY_UNSIGNED',
      'present',
    ]);
  });

  test('invalid, and the signer of another one', async () => {
    const { repository, image } = await scene();
    const other = newKey(lab);
    await sign(repository, image, other.material, 'both');
    const required = policy({ keys: [newKey(lab).publicKey], format: 'both' });
    const report = await inspect(repository, image, required);
    expect(report.manifests[0]?.parts).toMatchObject([
      {
        status: 'invalid',
        code: 'VERIFY_SIGNER_MISMATCH',
        reason: `signed, but by another signer: key sha256:${other.publicKey.keyId}`,
      },
      { status: 'invalid', code: 'VERIFY_SIGNATURE_INVALID' },
    ]);
  });

  test.each([
    ['the list of referrers', (path: string) => path.includes('/referrers/')],
    ['a referrer', (path: string) => path.includes('/manifests/sha256:')],
    ['a bundle', (path: string) => path.includes('/blobs/')],
  ])('unavailable, while %s cannot be read', async (_, concerns) => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material);
    const own = `/manifests/${image.digest}`;
    lab.registry.settings.faults = ({ method, path }) =>
      method === 'GET' && concerns(path) && !path.endsWith(own) ? { status: 403 } : undefined;
    const required = policy({ keys: [publicKey] });
    expect(await partsOf(repository, image, required)).toEqual(['unavailable VERIFY_INCONCLUSIVE']);
    expect(await codeOf(verifyImage(repository, image.digest, required, lab.client))).toBe(
      'VERIFY_INCONCLUSIVE',
    );
  });

  test('unavailable, while the legacy tag cannot be read', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material, 'legacy');
    const tag = legacyTagOf(image.digest, 'sig');
    lab.registry.settings.faults = ({ path }) => (path.endsWith(tag) ? { status: 403 } : undefined);
    const required = policy({ keys: [publicKey], format: 'legacy' });
    expect(await partsOf(repository, image, required)).toEqual(['unavailable VERIFY_INCONCLUSIVE']);
  });

  test('with any format, what is not needed does not matter', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material, 'legacy');
    lab.registry.settings.faults = ({ path }) =>
      path.includes('/referrers/') ? { status: 403 } : undefined;
    const required = policy({ keys: [publicKey], format: 'any' });
    const report = await verifyImage(repository, image.digest, required, lab.client);
    expect(report.manifests[0]?.parts.map(({ status }) => status)).toEqual([
      'unavailable',
      'present',
    ]);
  });

  test('an index is inconclusive while a platform cannot be read, and invalid with other bytes', async () => {
    const repository = freshRepository(lab);
    const child = await pushImage(lab, repository);
    const index = await pushIndex(lab, repository, [
      onPlatform(child, { os: 'linux', architecture: 'amd64' }),
    ]);
    const { material, publicKey } = newKey(lab);
    await sign(repository, index, material);
    await sign(repository, child, material);
    const required = policy({ keys: [publicKey] });
    lab.registry.settings.faults = ({ path }) =>
      path.endsWith(`/manifests/${child.digest}`) ? { status: 403 } : undefined;
    expect(await codeOf(verifyImage(repository, index.digest, required, lab.client))).toBe(
      'VERIFY_INCONCLUSIVE',
    );
    lab.registry.settings.faults = undefined;
    lab.registry.store.putManifest(
      repository.path,
      { mediaType: child.mediaType, bytes: Buffer.from('{"schemaVersion":2}') },
      { digest: child.digest },
    );
    expect(await codeOf(verifyImage(repository, index.digest, required, lab.client))).toBe(
      'VERIFY_SIGNATURE_INVALID',
    );
  });
});

describe('content that third parties attached to the image', () => {
  async function putReferrer(repository: Repository, image: Image, content: string, type: string) {
    const layer = await lab.client.putBlob(repository, Buffer.from(content), type);
    const config = await lab.client.putBlob(
      repository,
      Buffer.from('{}'),
      'application/vnd.oci.empty.v1+json',
    );
    const manifest = encodeBundleManifest({
      subject: image,
      config,
      bundle: layer,
      predicateType: 'https://sigstore.dev/cosign/sign/v1',
      created: new Date(0),
    });
    await lab.client.putReferrer(
      repository,
      image,
      manifest,
      'application/vnd.oci.image.manifest.v1+json',
    );
  }
  const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

  test('does not matter if a valid signature exists', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await putReferrer(repository, image, 'no JSON', BUNDLE);
    await putReferrer(repository, image, '{"mediaType":1,"mediaType":2}', BUNDLE);
    await putReferrer(repository, image, '{"sbom":true}', 'application/spdx+json');
    await sign(repository, image, newKey(lab).material, 'both');
    await sign(repository, image, keyless(lab), 'both');
    await sign(repository, image, material, 'both');
    const required = policy({ keys: [publicKey], format: 'both' });
    const report = await verifyImage(repository, image.digest, required, lab.client);
    expect(report.signer).toMatchObject({ keyId: publicKey.keyId });
  });

  test('is reported if there is no verified signature', async () => {
    const { repository, image } = await scene();
    await putReferrer(repository, image, 'no JSON', BUNDLE);
    await sign(repository, image, keyless(lab));
    const required = policy({ keys: [newKey(lab).publicKey] });
    const report = await inspect(repository, image, required);
    expect(report.manifests[0]?.parts[0]?.reason).toMatch(/is not JSON; signed, but by another/);
  });

  test('is read by its content, if the list does not describe it', async () => {
    const { repository, image } = await scene();
    lab.registry.settings.referrersApi = false;
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material);
    const tag = image.digest.replace(':', '-');
    const stored = lab.registry.store.getManifest(repository.path, tag);
    const index = JSON.parse(String(stored?.bytes)) as { manifests: Record<string, unknown>[] };
    // As cosign < 3 wrote it: another type, no annotations.
    const manifests = index.manifests.map(({ digest, size, mediaType }) => ({
      digest,
      size,
      mediaType,
      artifactType: 'application/vnd.oci.empty.v1+json',
    }));
    const bytes = Buffer.from(JSON.stringify({ ...index, manifests }));
    lab.registry.store.putManifest(
      repository.path,
      { mediaType: 'application/vnd.oci.image.index.v1+json', bytes },
      { tag },
    );
    await expect(
      verifyImage(repository, image.digest, policy({ keys: [publicKey] }), lab.client),
    ).resolves.toMatchObject({ verified: true });
  });
});
