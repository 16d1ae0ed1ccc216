import { generateKeyPairSync } from 'node:crypto';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import {
  attestImage,
  InvalidInputError,
  inspectSignatures,
  type RequirementArgs,
  signImage,
  verifyImage,
} from '../../src/core';
import { processHost } from '../../src/host/host';

function pemPair(): { readonly key: string; readonly publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

const [build, qa, security] = [pemPair(), pemPair(), pemPair()];
const host = { ...processHost(), env: { BUILD: build.key, QA: qa.key, SECURITY: security.key } };
const OTHER_IMAGE = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: `sha256:${'1'.repeat(64)}`,
    size: 2,
  },
  layers: [],
});
const RELEASE = 'https://example.com/release-approval/v1';

let registry: RunningRegistry;
let images = 0;
let image: string;

beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.close());
beforeEach(() => {
  images += 1;
  image = `${registry.host}/app-${images}@${storeImage(registry, `app-${images}`)}`;
});

type Format = 'bundle' | 'legacy';

const approve = (
  name: string,
  predicate: Readonly<Record<string, unknown>> = { approved: true },
  format: Format = 'bundle',
) =>
  attestImage(
    { image, key: { ref: `env://${name}` }, predicateType: RELEASE, predicate, format },
    { host },
  );

const inspect = async (require: readonly RequirementArgs[]) =>
  inspectSignatures({ image, require }, { host });

const approval = (more: Partial<RequirementArgs> = {}): RequirementArgs => ({
  name: 'approval',
  predicateType: RELEASE,
  keys: [build.publicKey, qa.publicKey, security.publicKey],
  ...more,
});

describe('required attestations', () => {
  it('verify an image that has no signature', async () => {
    await approve('QA');
    const report = await verifyImage({ image, require: [approval()] }, { host });
    expect(report).toMatchObject({
      verified: true,
      imageRef: image,
      signer: { kind: 'key' },
      requirements: [{ name: 'approval', status: 'present', evidence: [{ format: 'bundle' }] }],
    });
  });

  it.each(['bundle', 'legacy'] as const)('are read in the format %s', async (format) => {
    await approve('QA', { approved: true }, format);
    expect(await inspect([approval()])).toMatchObject({ verified: true, unmet: [] });
  });

  it('are demanded beside a signature of the image', async () => {
    await approve('QA');
    const args = { image, keys: [build.publicKey], require: [approval()] };
    const unsigned = await inspectSignatures(args, { host });
    expect(unsigned.verified).toBe(false);
    expect(unsigned.unmet).toEqual([
      expect.stringMatching(/signature \(bundle\).*VERIFY_UNSIGNED/),
      expect.stringMatching(/signature \(legacy\).*VERIFY_UNSIGNED/),
    ]);
    await signImage({ image, key: { ref: 'env://BUILD' } }, { host });
    expect(await verifyImage(args, { host })).toMatchObject({ verified: true });
  });

  it('name every missing role', async () => {
    await approve('QA');
    const { verified, unmet } = await inspect([
      approval(),
      { name: 'scan', predicateType: 'vuln', keys: [security.publicKey] },
      { name: 'release signature', keys: [build.publicKey] },
    ]);
    expect(verified).toBe(false);
    expect(unmet).toEqual([
      'missing: scan (attestation https://cosign.sigstore.dev/attestation/vuln/v1) is missing: no attestation of type https://cosign.sigstore.dev/attestation/vuln/v1 was found [VERIFY_ATTESTATION_MISSING]',
      'missing: release signature (signature) is missing: no signature was found [VERIFY_UNSIGNED]',
    ]);
  });

  it('count each signer once, in whatever format and however often it signed', async () => {
    await approve('QA');
    await approve('QA', { approved: true, again: 1 });
    await approve('QA', { approved: true }, 'legacy');
    const two = [approval({ count: 2 })];
    const once = await inspect(two);
    expect(once.verified).toBe(false);
    expect(once.unmet).toEqual([
      expect.stringMatching(/1 of 2 required signers.*VERIFY_THRESHOLD_UNMET/),
    ]);
    await approve('SECURITY', { approved: true }, 'legacy');
    expect(await inspect(two)).toMatchObject({
      verified: true,
      report: { requirements: [{ count: 2, evidence: [{}, {}] }] },
    });
  });

  it('are not met by another signer, although it signed what is required', async () => {
    await approve('SECURITY');
    const { unmet } = await inspect([approval({ keys: [qa.publicKey] })]);
    expect(unmet).toEqual([expect.stringContaining('[VERIFY_SIGNER_MISMATCH]')]);
  });

  it('are not met by an attestation of another image that a tag presents as its own', async () => {
    await approve('QA', { approved: true }, 'legacy');
    const [repository = '', digest = ''] = image.split('@');
    const name = repository.slice(registry.host.length + 1);
    const tagOf = (of: string) => `${of.replace(':', '-')}.att`;
    const stored = await fetch(`http://${registry.host}/v2/${name}/manifests/${tagOf(digest)}`);
    const bytes = Buffer.from(await stored.arrayBuffer());
    const other = registry.store.putManifest(name, {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      bytes: Buffer.from(OTHER_IMAGE),
    });
    const mediaType = stored.headers.get('content-type') ?? '';
    registry.store.putManifest(name, { mediaType, bytes }, { tag: tagOf(other) });
    const { verified, unmet } = await inspectSignatures(
      { image: `${repository}@${other}`, require: [approval()] },
      { host },
    );
    expect(verified).toBe(false);
    expect(unmet).toEqual([expect.stringMatching(/about another image.*VERIFY_SIGNATURE_INVALID/)]);
  });

  it('are met by any attestation that meets the condition', async () => {
    const condition = 'predicate.approved && predicate.risk < 3';
    await approve('QA', { approved: true, risk: 5 });
    const first = await inspect([approval({ condition })]);
    expect(first.unmet).toEqual([
      expect.stringMatching(/does not meet the condition .*VERIFY_CONDITION_UNMET/),
    ]);
    await approve('QA', { approved: true, risk: 1 });
    expect(await inspect([approval({ condition })])).toMatchObject({ verified: true });
  });

  it('have an age: the time that the predicate states counts', async () => {
    const scan = (finishedOn: string) =>
      attestImage(
        {
          image,
          key: { ref: 'env://QA' },
          predicateType: 'vuln',
          predicate: {
            scanner: { uri: 'https://example.com/scanner', version: '1', db: {}, result: [] },
            metadata: { scanStartedOn: finishedOn, scanFinishedOn: finishedOn },
          },
        },
        { host },
      );
    const required = [{ predicateType: 'vuln', keys: [qa.publicKey], maxAge: '30d' }];
    await scan(new Date(Date.now() - 31 * 86_400_000).toISOString());
    expect((await inspect(required)).unmet).toEqual([
      expect.stringMatching(/longer ago than the maximum of 30d/),
    ]);
    await scan(new Date(Date.now() + 86_400_000).toISOString());
    expect((await inspect(required)).unmet).toEqual([expect.stringMatching(/is in the future/)]);
    await scan(new Date(Date.now() - 29 * 86_400_000).toISOString());
    expect(await inspect(required)).toMatchObject({ verified: true });
  });

  it('have an unknown age if nothing proves or states a time', async () => {
    await approve('QA');
    expect((await inspect([approval({ maxAge: '1h' })])).unmet).toEqual([
      expect.stringContaining('its age is unknown'),
    ]);
  });
});

describe('requirements that cannot be met', () => {
  it('are refused before anything is read, all at once', async () => {
    const failing = inspectSignatures(
      {
        image: `registry.invalid/app@sha256:${'0'.repeat(64)}`,
        require: [
          { predicateType: 'sbom', keys: [qa.publicKey], condition: 'predicat.a', maxAge: '1 day' },
          approval({ count: 4 }),
          approval({ count: 0, name: 'zero' }),
          approval(),
          { name: 'nobody' },
          approval({ name: 'two lines\n', keys: [qa.publicKey, qa.publicKey], count: 2 }),
        ],
      },
      { host },
    );
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as InvalidInputError).problems.map(({ property }) => property).sort()).toEqual([
      'require[0].condition',
      'require[0].maxAge',
      'require[0].predicateType',
      'require[1].count',
      'require[2].count',
      'require[3].name',
      'require[4].keys',
      'require[5].count',
      'require[5].name',
    ]);
  });

  it('do not leave inputs without effect', async () => {
    const failing = inspectSignatures(
      { image, annotations: { a: 'b' }, format: 'both', require: [approval()] },
      { host },
    );
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect((error as InvalidInputError).problems.map(({ property }) => property)).toEqual([
      'annotations',
      'format',
    ]);
  });
});
