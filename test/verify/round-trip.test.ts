import { parseReference } from '../../src/oci';
import { type SignatureFormat, signImage, type StoredSignature } from '../../src/sign';
import { inspectImage, type VerificationPolicy, verifyImage } from '../../src/verify';
import {
  BUILDER,
  COMMIT,
  freshRepository,
  IDENTITY,
  type Lab,
  keyless,
  newKey,
  onPlatform,
  openLab,
  policy,
  pushImage,
  pushIndex,
  target,
} from './support/lab';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());
afterEach(() => {
  Object.assign(lab.registry.settings, { referrersApi: true, etags: true, lateVisibility: 0 });
});

const FORMATS: readonly SignatureFormat[] = ['bundle', 'legacy', 'both'];
const SIGNERS = ['key without witness', 'key with log and timestamp', 'keyless'] as const;

function signer(kind: (typeof SIGNERS)[number]) {
  if (kind === 'keyless') {
    const identities = [{ identity: IDENTITY, issuer: lab.sigstore.issuer.url }];
    const trust = { identities, transparency: 'log' as const, trustedRoot: lab.trustedRoot };
    return { material: keyless(lab), trust };
  }
  const witnessed = kind === 'key with log and timestamp';
  const { material, publicKey } = newKey(lab, { log: witnessed, timestamp: witnessed });
  const trust: Partial<VerificationPolicy> = witnessed
    ? { keys: [publicKey], transparency: 'log', trustedRoot: lab.trustedRoot }
    : { keys: [publicKey], transparency: 'none' };
  return { material, trust };
}

describe.each([true, false])('with the referrers API: %s', (referrersApi) => {
  describe.each(SIGNERS)('signed by %s', (kind) => {
    test.each(FORMATS)('an image signed in format %s is verified', async (format) => {
      lab.registry.settings.referrersApi = referrersApi;
      const repository = freshRepository(lab);
      const image = await pushImage(lab, repository);
      const { material, trust } = signer(kind);
      const made = await signImage(
        { repository, targets: [target(repository, image)], format, material },
        lab.client,
      );
      expect(made.map((one) => `${one.purpose} ${one.format}`).sort()).toEqual(
        (format === 'both' ? ['bundle', 'legacy'] : [format])
          .flatMap((stored) => [`provenance ${stored}`, `signature ${stored}`])
          .sort(),
      );
      const report = await verifyImage(
        repository,
        image.digest,
        policy({
          ...trust,
          format,
          annotations: { commit: COMMIT },
          provenance: {
            builderId: BUILDER,
            commit: COMMIT,
            externalParameters: { dockerfile: 'Dockerfile', args: { VERSION: '1' } },
          },
        }),
        lab.client,
      );
      expect(report.verified).toBe(true);
      expect(parseReference(String(report.imageRef)).digest).toBe(image.digest);
      expect(report.annotations).toEqual({ commit: COMMIT });
      expect(report.signer).toEqual(material.description);
      expect(report.provenance).toMatchObject({ runDetails: { builder: { id: BUILDER } } });
      expect(storedDigests(made)).toEqual(expect.arrayContaining(reported(report)));
    });
  });
});

function storedDigests(made: readonly StoredSignature[]): readonly string[] {
  return made.map(({ stored }) => stored);
}

function reported(report: Awaited<ReturnType<typeof inspectImage>>): readonly string[] {
  return report.manifests.flatMap(({ parts }) => parts.map(({ stored }) => String(stored)));
}

test('a keyless signature with a timestamp and no log is verified if a timestamp is required', async () => {
  const repository = freshRepository(lab);
  const image = await pushImage(lab, repository);
  const material = keyless(lab, IDENTITY, { timestamp: true });
  const targets = [target(repository, image)];
  await signImage({ repository, targets, format: 'both', material }, lab.client);
  const identities = [{ identity: IDENTITY, issuer: lab.sigstore.issuer.url }];
  const required = policy({
    identities,
    format: 'both',
    transparency: 'timestamp',
    trustedRoot: lab.trustedRoot,
  });
  await expect(verifyImage(repository, image.digest, required, lab.client)).resolves.toMatchObject({
    verified: true,
  });
  await expect(
    verifyImage(repository, image.digest, { ...required, transparency: 'log' }, lab.client),
  ).rejects.toMatchObject({ code: 'VERIFY_LOG_MISSING' });
});

describe('an index', () => {
  async function pushMultiPlatform() {
    const repository = freshRepository(lab);
    const amd64 = await pushImage(lab, repository);
    const arm64 = await pushImage(lab, repository);
    const attestation = await pushImage(lab, repository, {
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    });
    const index = await pushIndex(lab, repository, [
      onPlatform(amd64, { os: 'linux', architecture: 'amd64' }),
      onPlatform(arm64, { os: 'linux', architecture: 'arm64', variant: 'v8' }),
      onPlatform(attestation, { os: 'unknown', architecture: 'unknown' }),
    ]);
    return { repository, amd64, arm64, index };
  }

  test('is verified with all its platforms, BuildKit attestations left out', async () => {
    const { repository, amd64, arm64, index } = await pushMultiPlatform();
    const { material, publicKey } = newKey(lab);
    const targets = [index, amd64, arm64].map((manifest) => target(repository, manifest));
    await signImage({ repository, targets, format: 'bundle', material }, lab.client);
    const required = policy({ keys: [publicKey], provenance: { commit: COMMIT } });
    const report = await verifyImage(repository, index.digest, required, lab.client);
    expect(report.manifests.map(({ digest, platform }) => [digest, platform])).toEqual([
      [index.digest, undefined],
      [amd64.digest, 'linux/amd64'],
      [arm64.digest, 'linux/arm64/v8'],
    ]);
  });

  test('is refused while one platform is unsigned, and the message names it', async () => {
    const { repository, amd64, arm64, index } = await pushMultiPlatform();
    const { material, publicKey } = newKey(lab);
    const targets = [index, amd64].map((manifest) => target(repository, manifest));
    await signImage({ repository, targets, format: 'bundle', material }, lab.client);
    const required = policy({ keys: [publicKey] });
    const refusal = verifyImage(repository, index.digest, required, lab.client);
    await expect(refusal).rejects.toMatchObject({
      code: 'VERIFY_UNSIGNED',
      message: expect.stringContaining(`linux/arm64/v8 ${arm64.digest}`),
    });
    const rootOnly = policy({ keys: [publicKey], platforms: false });
    await expect(
      verifyImage(repository, index.digest, rootOnly, lab.client),
    ).resolves.toMatchObject({ verified: true });
  });

  test('is refused when the registry no longer has one of its platforms', async () => {
    const { repository, amd64, arm64, index } = await pushMultiPlatform();
    const { material, publicKey } = newKey(lab);
    const targets = [index, amd64, arm64].map((manifest) => target(repository, manifest));
    await signImage({ repository, targets, format: 'bundle', material }, lab.client);
    lab.registry.store.deleteManifest(repository.path, arm64.digest);
    const report = await inspectImage(
      repository,
      index.digest,
      policy({ keys: [publicKey] }),
      lab.client,
    );
    expect(report.verified).toBe(false);
    expect(report.manifests[2]?.parts[0]).toMatchObject({
      status: 'missing',
      reason: 'the registry does not have it',
    });
  });
});

test('a registry that shows what was pushed only later is waited for', async () => {
  const repository = freshRepository(lab);
  const image = await pushImage(lab, repository);
  lab.registry.settings.lateVisibility = 2;
  const { material, publicKey } = newKey(lab);
  const targets = [target(repository, image)];
  await signImage({ repository, targets, format: 'both', material }, lab.client);
  const required = policy({ keys: [publicKey], format: 'both' });
  await expect(verifyImage(repository, image.digest, required, lab.client)).resolves.toMatchObject({
    verified: true,
  });
});
