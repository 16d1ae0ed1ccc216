import type { Repository } from '../../src/oci';
import { signImage, type SigningMaterial } from '../../src/sign';
import { encodeBundleManifest } from '../../src/sign/format';
import { inspectImage, type VerificationPolicy, verifyImage } from '../../src/verify';
import {
  BUILDER,
  codeOf,
  COMMIT,
  freshRepository,
  IDENTITY,
  type Lab,
  keyless,
  newKey,
  openLab,
  policy,
  provenanceOf,
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

const inspect = (repository: Repository, image: Image, asked: VerificationPolicy) =>
  inspectImage(repository, image.digest, asked, lab.client);

async function partsOf(repository: Repository, image: Image, asked: VerificationPolicy) {
  const report = await inspect(repository, image, asked);
  return report.manifests[0]?.parts.map(({ status, code }) => `${status} ${code ?? ''}`.trim());
}

describe('the four answers', () => {
  test('present', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material, 'both');
    const asked = policy({ keys: [publicKey], format: 'both', provenance: {} });
    expect(await partsOf(repository, image, asked)).toEqual(Array(4).fill('present'));
  });

  test('missing, where nothing or only something else is stored', async () => {
    const { repository, image } = await scene();
    const { publicKey } = newKey(lab);
    const asked = policy({ keys: [publicKey], format: 'both', provenance: {} });
    const missing = ['missing VERIFY_UNSIGNED', 'missing VERIFY_PROVENANCE_MISSING'];
    expect(await partsOf(repository, image, asked)).toEqual([...missing, ...missing]);
    expect(await codeOf(verifyImage(repository, image.digest, asked, lab.client))).toBe(
      'VERIFY_UNSIGNED',
    );
  });

  test('missing: a provenance is no signature, though the same key signed it', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material);
    for (const { digest, annotations } of await lab.client.referrers(repository, image.digest)) {
      if (annotations?.['dev.sigstore.bundle.predicateType']?.includes('cosign')) {
        lab.registry.store.deleteManifest(repository.path, digest);
      }
    }
    const asked = policy({ keys: [publicKey], provenance: {} });
    expect(await partsOf(repository, image, asked)).toEqual(['missing VERIFY_UNSIGNED', 'present']);
  });

  test('invalid, and who signed instead', async () => {
    const { repository, image } = await scene();
    const stranger = newKey(lab);
    await sign(repository, image, stranger.material, 'both');
    const asked = policy({ keys: [newKey(lab).publicKey], format: 'both' });
    const report = await inspect(repository, image, asked);
    expect(report.manifests[0]?.parts).toMatchObject([
      {
        status: 'invalid',
        code: 'VERIFY_SIGNER_MISMATCH',
        reason: `signed, but by another signer: key sha256:${stranger.publicKey.keyId}`,
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
    const asked = policy({ keys: [publicKey] });
    expect(await partsOf(repository, image, asked)).toEqual(['unavailable VERIFY_INCONCLUSIVE']);
    expect(await codeOf(verifyImage(repository, image.digest, asked, lab.client))).toBe(
      'VERIFY_INCONCLUSIVE',
    );
  });

  test('unavailable, while the legacy tag cannot be read', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material, 'legacy');
    const tag = legacyTagOf(image.digest, 'sig');
    lab.registry.settings.faults = ({ path }) => (path.endsWith(tag) ? { status: 403 } : undefined);
    const asked = policy({ keys: [publicKey], format: 'legacy' });
    expect(await partsOf(repository, image, asked)).toEqual(['unavailable VERIFY_INCONCLUSIVE']);
  });

  test('with any format, what is not needed does not matter', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material, 'legacy');
    lab.registry.settings.faults = ({ path }) =>
      path.includes('/referrers/') ? { status: 403 } : undefined;
    const asked = policy({ keys: [publicKey], format: 'any' });
    const report = await verifyImage(repository, image.digest, asked, lab.client);
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
    const asked = policy({ keys: [publicKey] });
    lab.registry.settings.faults = ({ path }) =>
      path.endsWith(`/manifests/${child.digest}`) ? { status: 403 } : undefined;
    expect(await codeOf(verifyImage(repository, index.digest, asked, lab.client))).toBe(
      'VERIFY_INCONCLUSIVE',
    );
    lab.registry.settings.faults = undefined;
    lab.registry.store.putManifest(
      repository.path,
      { mediaType: child.mediaType, bytes: Buffer.from('{"schemaVersion":2}') },
      { digest: child.digest },
    );
    expect(await codeOf(verifyImage(repository, index.digest, asked, lab.client))).toBe(
      'VERIFY_SIGNATURE_INVALID',
    );
  });
});

describe('what others stored beside the image', () => {
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

  test('does not matter while one good signature is there', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await putReferrer(repository, image, 'no JSON', BUNDLE);
    await putReferrer(repository, image, '{"mediaType":1,"mediaType":2}', BUNDLE);
    await putReferrer(repository, image, '{"sbom":true}', 'application/spdx+json');
    await sign(repository, image, newKey(lab).material, 'both');
    await sign(repository, image, keyless(lab), 'both');
    await sign(repository, image, material, 'both');
    const asked = policy({ keys: [publicKey], format: 'both' });
    const report = await verifyImage(repository, image.digest, asked, lab.client);
    expect(report.signer).toMatchObject({ keyId: publicKey.keyId });
  });

  test('is told when nothing good is there', async () => {
    const { repository, image } = await scene();
    await putReferrer(repository, image, 'no JSON', BUNDLE);
    await sign(repository, image, keyless(lab));
    const asked = policy({ keys: [newKey(lab).publicKey] });
    const report = await inspect(repository, image, asked);
    expect(report.manifests[0]?.parts[0]?.reason).toMatch(/is not JSON; signed, but by another/);
  });

  test('is read by its content, where the listing says nothing of it', async () => {
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

describe('annotations', () => {
  test.each(['bundle', 'legacy'] as const)('must be signed as asked (%s)', async (format) => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material, format);
    const asked = (annotations: Record<string, string>) =>
      verifyImage(
        repository,
        image.digest,
        policy({ keys: [publicKey], format, annotations }),
        lab.client,
      );
    expect(await codeOf(asked({ commit: 'other' }))).toBe('VERIFY_ANNOTATION_MISMATCH');
    await expect(asked({ commit: COMMIT, toString: 'x' })).rejects.toMatchObject({
      code: 'VERIFY_ANNOTATION_MISMATCH',
      message: expect.stringContaining('"toString" is missing'),
    });
    await expect(asked({})).resolves.toMatchObject({ annotations: { commit: COMMIT } });
  });

  test('must be together in one signature', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    for (const annotations of [{ a: '1' }, { b: '2' }]) {
      const targets = [target(repository, image, annotations)];
      await signImage({ repository, targets, format: 'bundle', material }, lab.client);
    }
    const asked = policy({ keys: [publicKey], annotations: { a: '1', b: '2' } });
    expect(await codeOf(verifyImage(repository, image.digest, asked, lab.client))).toBe(
      'VERIFY_ANNOTATION_MISMATCH',
    );
  });
});

describe('provenance', () => {
  test.each([
    ['builder', { builderId: 'https://github.com/actions/runner' }],
    ['buildType', { buildType: 'https://example.com/other' }],
    ['commit', { commit: 'f'.repeat(40) }],
    ['a parameter', { externalParameters: { dockerfile: 'Other' } }],
    ['a parameter that is not there', { externalParameters: { constructor: 'x' } }],
    ['a structured parameter', { externalParameters: { args: { VERSION: '2' } } }],
  ])('with another %s is refused', async (_, provenance) => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material);
    const asked = policy({ keys: [publicKey], provenance });
    expect(await codeOf(verifyImage(repository, image.digest, asked, lab.client))).toBe(
      'VERIFY_PROVENANCE_MISMATCH',
    );
  });

  test.each([
    ['no definition', {}],
    ['no builder', { buildDefinition: { buildType: 'x' }, runDetails: {} }],
    [
      'parameters that are no object',
      {
        buildDefinition: { buildType: 'x', externalParameters: 'y' },
        runDetails: { builder: { id: BUILDER } },
      },
    ],
  ])('with %s is refused', async (_, predicate) => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    const provenance = { ...provenanceOf(repository, image.digest), predicate };
    const targets = [{ ...target(repository, image), provenance }];
    await signImage({ repository, targets, format: 'bundle', material }, lab.client);
    const asked = policy({ keys: [publicKey], provenance: {} });
    expect(await codeOf(verifyImage(repository, image.digest, asked, lab.client))).toBe(
      'VERIFY_PROVENANCE_MISMATCH',
    );
  });
});

describe('witnesses', () => {
  test('are not asked for with a key and "none", and checked where there is trust material', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab, { log: true, timestamp: true });
    await sign(repository, image, material, 'both');
    const asked = policy({ keys: [publicKey], format: 'both' });
    const verify = (parts: Partial<VerificationPolicy>) =>
      codeOf(verifyImage(repository, image.digest, { ...asked, ...parts }, lab.client));
    const accepted = 'none: it was accepted';
    expect(await verify({})).toBe(accepted);
    expect(await verify({ trustedRoot: lab.trustedRoot })).toBe(accepted);
    const { tlogs } = lab.trustedRoot;
    const strangers = tlogs.map((log) => ({ ...log, logId: { keyId: Buffer.alloc(32, 7) } }));
    expect(await verify({ trustedRoot: { ...lab.trustedRoot, tlogs: strangers } })).toBe(
      'VERIFY_SIGNATURE_INVALID',
    );
  });

  test('that are missing are told', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material);
    for (const transparency of ['log', 'timestamp'] as const) {
      const asked = policy({ keys: [publicKey], transparency, trustedRoot: lab.trustedRoot });
      expect(await codeOf(verifyImage(repository, image.digest, asked, lab.client))).toBe(
        'VERIFY_LOG_MISSING',
      );
    }
  });

  test('a keyless signature needs one, whatever is asked for', async () => {
    const { repository, image } = await scene();
    await sign(repository, image, keyless(lab, IDENTITY, {}));
    const identities = [{ identity: IDENTITY, issuer: lab.sigstore.issuer.url }];
    const asked = policy({ identities, transparency: 'none', trustedRoot: lab.trustedRoot });
    await expect(verifyImage(repository, image.digest, asked, lab.client)).rejects.toMatchObject({
      code: 'VERIFY_LOG_MISSING',
      message: expect.stringContaining('nothing says when it was made'),
    });
  });

  test('an expired certificate is refused, and one without a CT log entry', async () => {
    const identities = [{ identity: IDENTITY, issuer: lab.sigstore.issuer.url }];
    const asked = policy({ identities, transparency: 'log', trustedRoot: lab.trustedRoot });
    const attempt = async () => {
      const { repository, image } = await scene();
      await sign(repository, image, keyless(lab));
      return codeOf(verifyImage(repository, image.digest, asked, lab.client));
    };
    const { rekor, fulcio } = lab.sigstore.settings;
    rekor.clockOffset = 3600;
    expect(await attempt()).toBe('VERIFY_SIGNATURE_INVALID');
    rekor.clockOffset = 0;
    fulcio.sct = false;
    expect(await attempt()).toBe('VERIFY_SIGNATURE_INVALID');
    const { repository, image } = await scene();
    await sign(repository, image, keyless(lab));
    fulcio.sct = true;
    const privateRoot = { ...asked, trustedRoot: { ...lab.trustedRoot, ctlogs: [] } };
    expect(await codeOf(verifyImage(repository, image.digest, privateRoot, lab.client))).toBe(
      'none: it was accepted',
    );
  });
});

describe('a policy that cannot be checked is refused before anything is read', () => {
  const identities = [{ identity: IDENTITY, issuer: 'https://issuer.example.com' }];
  test.each<[string, string, () => Partial<VerificationPolicy>]>([
    ['nobody is trusted', 'INPUT_INVALID', () => ({})],
    ['an identity and no trusted root', 'TRUSTED_ROOT_INVALID', () => ({ identities })],
    [
      'a log and no trusted root',
      'TRUSTED_ROOT_INVALID',
      () => ({ keys: [newKey(lab).publicKey], transparency: 'log' }),
    ],
    [
      'a timestamp and a root without authority',
      'TRUSTED_ROOT_INVALID',
      () => ({
        keys: [newKey(lab).publicKey],
        transparency: 'timestamp',
        trustedRoot: { ...lab.trustedRoot, timestampAuthorities: [] },
      }),
    ],
  ])('%s', async (_, code, parts) => {
    const { repository, image } = await scene();
    lab.registry.clearRequests();
    expect(await codeOf(verifyImage(repository, image.digest, policy(parts()), lab.client))).toBe(
      code,
    );
    expect(lab.registry.requests).toEqual([]);
  });
});
