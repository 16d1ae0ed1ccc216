import type { Repository } from '../../src/oci';
import { signImage, type SigningMaterial } from '../../src/sign';
import { type VerificationPolicy, verifyImage } from '../../src/verify';
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
  target,
} from './support/lab';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());
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

describe('annotations', () => {
  test.each(['bundle', 'legacy'] as const)('must be signed as required (%s)', async (format) => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material, format);
    const required = (annotations: Record<string, string>) =>
      verifyImage(
        repository,
        image.digest,
        policy({ keys: [publicKey], format, annotations }),
        lab.client,
      );
    expect(await codeOf(required({ commit: 'other' }))).toBe('VERIFY_ANNOTATION_MISMATCH');
    await expect(required({ commit: COMMIT, toString: 'x' })).rejects.toMatchObject({
      code: 'VERIFY_ANNOTATION_MISMATCH',
      message: expect.stringContaining('"toString" is missing'),
    });
    await expect(required({})).resolves.toMatchObject({ annotations: { commit: COMMIT } });
  });

  test('must be together in one signature', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    for (const annotations of [{ a: '1' }, { b: '2' }] as Record<string, string>[]) {
      const targets = [target(repository, image, annotations)];
      await signImage({ repository, targets, format: 'bundle', material }, lab.client);
    }
    const required = policy({ keys: [publicKey], annotations: { a: '1', b: '2' } });
    expect(await codeOf(verifyImage(repository, image.digest, required, lab.client))).toBe(
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
    const required = policy({ keys: [publicKey], provenance });
    expect(await codeOf(verifyImage(repository, image.digest, required, lab.client))).toBe(
      'VERIFY_PROVENANCE_MISMATCH',
    );
  });

  test.each([
    ['no definition', {}],
    ['no builder', { buildDefinition: { buildType: 'x' }, runDetails: {} }],
    [
      'parameters that are not an object',
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
    const required = policy({ keys: [publicKey], provenance: {} });
    expect(await codeOf(verifyImage(repository, image.digest, required, lab.client))).toBe(
      'VERIFY_PROVENANCE_MISMATCH',
    );
  });
});

describe('log and timestamp', () => {
  test('are not required with a key and "none", and checked where there is trust material', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab, { log: true, timestamp: true });
    await sign(repository, image, material, 'both');
    const required = policy({ keys: [publicKey], format: 'both' });
    const verify = (parts: Partial<VerificationPolicy>) =>
      codeOf(verifyImage(repository, image.digest, { ...required, ...parts }, lab.client));
    const accepted = 'none: it was accepted';
    expect(await verify({})).toBe(accepted);
    expect(await verify({ trustedRoot: lab.trustedRoot })).toBe(accepted);
    const { tlogs } = lab.trustedRoot;
    const otherLogs = tlogs.map((log) => ({ ...log, logId: { keyId: Buffer.alloc(32, 7) } }));
    expect(await verify({ trustedRoot: { ...lab.trustedRoot, tlogs: otherLogs } })).toBe(
      'VERIFY_SIGNATURE_INVALID',
    );
  });

  test('that are missing are reported', async () => {
    const { repository, image } = await scene();
    const { material, publicKey } = newKey(lab);
    await sign(repository, image, material);
    for (const transparency of ['log', 'timestamp'] as const) {
      const required = policy({ keys: [publicKey], transparency, trustedRoot: lab.trustedRoot });
      expect(await codeOf(verifyImage(repository, image.digest, required, lab.client))).toBe(
        'VERIFY_LOG_MISSING',
      );
    }
  });

  test('a keyless signature needs one, independent of the policy', async () => {
    const { repository, image } = await scene();
    await sign(repository, image, keyless(lab, IDENTITY, {}));
    const identities = [{ identity: IDENTITY, issuer: lab.sigstore.issuer.url }];
    const required = policy({ identities, transparency: 'none', trustedRoot: lab.trustedRoot });
    await expect(verifyImage(repository, image.digest, required, lab.client)).rejects.toMatchObject(
      {
        code: 'VERIFY_LOG_MISSING',
        message: expect.stringContaining('its signing time is unknown'),
      },
    );
  });

  test('an expired certificate is refused, and one without a CT log entry', async () => {
    const identities = [{ identity: IDENTITY, issuer: lab.sigstore.issuer.url }];
    const required = policy({ identities, transparency: 'log', trustedRoot: lab.trustedRoot });
    const attempt = async () => {
      const { repository, image } = await scene();
      await sign(repository, image, keyless(lab));
      return codeOf(verifyImage(repository, image.digest, required, lab.client));
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
    const privateRoot = { ...required, trustedRoot: { ...lab.trustedRoot, ctlogs: [] } };
    expect(await codeOf(verifyImage(repository, image.digest, privateRoot, lab.client))).toBe(
      'none: it was accepted',
    );
  });
});

describe('a policy that cannot be checked is refused before anything is read', () => {
  const identities = [{ identity: IDENTITY, issuer: 'https://issuer.example.com' }];
  test.each<[string, string, () => Partial<VerificationPolicy>]>([
    ['no signer is trusted', 'INPUT_INVALID', () => ({})],
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
