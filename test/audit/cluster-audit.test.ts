import { outcomeOf } from '../../src/audit';
import { createRegistryClient, pinned, type RegistryClient } from '../../src/oci';
import { failureOf } from '../sign/support/failure';
import {
  BUILDER,
  COMMIT,
  freshRepository,
  IDENTITY,
  keyless,
  type Lab,
  newKey,
} from '../verify/support/lab';
import {
  audited,
  type AuditLab,
  openAuditLab,
  push,
  type PushedImage,
  pushPlatforms,
  sign,
} from './support/audit-lab';
import { podOf } from './support/pods';

const ELSEWHERE = 'ab'.repeat(20);

let lab: AuditLab;

beforeAll(async () => {
  await import('@kubernetes/client-node');
  lab = await openAuditLab();
}, 300_000);
afterAll(() => lab.close());
beforeEach(() => void lab.api.pods.splice(0));

const run = (...images: readonly { readonly ref: string }[]): void =>
  void lab.api.pods.push(...images.map(({ ref }) => podOf(`${ref.split('@')[0]}:v1`, ref)));

async function signed(material = lab.ours): Promise<PushedImage> {
  const image = await push(lab);
  await sign(lab, [image], material);
  return image;
}

/** The output of `pulumi stack export` with these images verified. */
function stateOf(images: readonly PushedImage[], more: readonly object[] = []): string {
  const resources = images.map(({ ref, manifest }, index) => ({
    urn: `urn:pulumi:prod::shop::signed-image:index:VerifiedImage::image-${index}`,
    type: 'signed-image:index:VerifiedImage',
    outputs: { digest: manifest.digest, imageRef: ref },
  }));
  return JSON.stringify({ version: 3, deployment: { resources: [...resources, ...more] } });
}

describe('what runs', () => {
  test('is a match if it is signed as required; each image is verified once', async () => {
    const image = await signed();
    run(image, image, image);
    const { report, of } = await audited(lab);
    expect(report).toMatchObject({ server: lab.api.url, namespaces: [], notRunning: [] });
    expect(report.images).toHaveLength(1);
    expect(of(image)).toMatchObject({
      status: 'match',
      signer: { kind: 'key', keyId: lab.ours.publicKey.keyId },
      logEntries: [{ logIndex: expect.any(String) }],
    });
    expect(of(image)?.containers).toHaveLength(3);
    expect(outcomeOf(report)).toBe('clean');
  });

  test('may be named by the index or by the manifest of a platform', async () => {
    const all = await pushPlatforms(lab);
    await sign(lab, all, lab.ours);
    run(...all);
    const { report } = await audited(lab, { stackState: stateWithPlatforms(all), commit: COMMIT });
    expect(report.images.map(({ status }) => status)).toEqual(['match', 'match', 'match']);
    expect(report.images.every(({ resource }) => resource === 'app')).toBe(true);
  });

  test('is not signed', async () => {
    const image = await push(lab);
    run(image);
    const { report, of } = await audited(lab);
    expect(of(image)).toMatchObject({ status: 'not-signed' });
    expect(outcomeOf(report)).toBe('findings');
  });

  test.each(['bundle', 'legacy'] as const)('is signed by another (%s)', async (format) => {
    const image = await push(lab);
    await sign(lab, [image], newKey(lab.lab, { log: true }), { format });
    run(image);
    expect((await audited(lab)).of(image)).toMatchObject({ status: 'signed-by-another' });
  });

  test('is signed by a trusted identity, or by another one', async () => {
    const [ours, theirs] = [await push(lab), await push(lab)];
    await sign(lab, [ours], { material: keyless(lab.lab) });
    await sign(lab, [theirs], { material: keyless(lab.lab, 'https://ci.example.com/fork') });
    run(ours, theirs);
    const identities = [{ identity: IDENTITY, issuer: lab.lab.sigstore.issuer.url }];
    const trustedRoot = JSON.stringify(lab.lab.sigstore.trustedRoot);
    const policy = { identities, sigstore: { trustedRoot } };
    const { of } = await audited(lab, { policy });
    expect(of(ours)).toMatchObject({ status: 'match', signer: { identity: IDENTITY } });
    expect(of(theirs)).toMatchObject({ status: 'signed-by-another' });
  });

  test('is signed, and in no log', async () => {
    const unlogged = newKey(lab.lab);
    const image = await signed(unlogged);
    run(image);
    const policy = {
      keys: [unlogged.publicKey.pem],
      transparency: 'log' as const,
      sigstore: { trustedRoot: JSON.stringify(lab.lab.sigstore.trustedRoot) },
    };
    expect((await audited(lab, { policy })).of(image)).toMatchObject({ status: 'not-in-log' });
  });

  test('is signed, with an annotation other than required', async () => {
    const image = await signed();
    run(image);
    const keys = [lab.ours.publicKey.pem];
    const stage = await audited(lab, { policy: { keys, annotations: { stage: 'prod' } } });
    expect(stage.of(image)).toMatchObject({ status: 'policy-not-met' });
    const builder = await audited(lab, { policy: { keys, provenance: { builderId: 'nobody' } } });
    expect(builder.of(image)).toMatchObject({
      status: 'policy-not-met',
      reason: expect.stringContaining(BUILDER),
    });
  });

  test('is missing in the registry', async () => {
    const image = await signed();
    run(image);
    await lab.lab.client.removeManifest(image.repository, image.manifest.digest);
    expect((await audited(lab)).of(image)).toMatchObject({ status: 'gone' });
  });

  test('is the digest that the node reports, not that of the tag now', async () => {
    const [before, now] = [await push(lab), await signed()];
    lab.api.pods.push(podOf(now.ref, before.ref));
    const { report, of } = await audited(lab);
    expect(report.images).toHaveLength(1);
    expect(of(before)).toMatchObject({ status: 'not-signed' });
  });

  test('is found under the name in the pod if the node reports another one', async () => {
    const image = await signed();
    const mirror = `${lab.lab.registry.host}/mirror/app@${image.manifest.digest}`;
    lab.api.pods.push(podOf(image.ref, mirror));
    expect((await audited(lab)).of({ ref: mirror })).toMatchObject({ status: 'match' });
  });

  test('is verified in each repository that it runs from, with one request for each list of referrers', async () => {
    const image = await signed();
    const { store } = lab.lab.registry;
    const { digest } = image.manifest;
    const copied = freshRepository(lab.lab);
    const manifest = store.getManifest(image.repository.path, digest);
    if (!manifest) throw new Error('the image was not stored');
    store.putManifest(copied.path, manifest);
    const copy = { ref: pinned(copied, digest) };
    run(image, copy, image, copy);
    lab.lab.registry.clearRequests();
    const { report, of } = await audited(lab);
    expect(report.images).toHaveLength(2);
    expect(of(image)).toMatchObject({ status: 'match' });
    // A cluster that pulls the copy finds no signature beside it.
    expect(of(copy)).toMatchObject({ status: 'not-signed' });
    const paths = lab.lab.registry.requests
      .map(({ path }) => path)
      .filter((path) => path.includes('/referrers/'));
    expect(paths).toHaveLength(2);
    expect(new Set(paths).size).toBe(paths.length);
  });

  test('is unknown by its configuration only, and nothing before it is started', async () => {
    lab.api.pods.push(podOf('loaded:v1', `sha256:${'1a'.repeat(32)}`));
    const waiting = podOf('late:v1', '');
    lab.api.pods.push({
      ...waiting,
      status: { phase: 'Pending', containerStatuses: [{ name: 'app', imageID: '' }] },
    });
    const { of } = await audited(lab);
    expect(of({ ref: 'loaded:v1' })).toMatchObject({ status: 'unknown-image' });
    expect(of({ ref: 'late:v1' })).toMatchObject({ status: 'not-started' });
  });

  test('is reported as failed if the registry does not respond', async () => {
    const [image, unreachable] = [await signed(), `127.0.0.1:1/app@sha256:${'1a'.repeat(32)}`];
    run(image, { ref: unreachable });
    const client = createRegistryClient({ dockerConfig: 'none', budget: { dropped: 0 } });
    const { report, of } = await audited({ ...lab, lab: withClient(lab.lab, client) });
    await client.close();
    expect(of({ ref: unreachable })).toMatchObject({ status: 'check-failed' });
    expect(of(image)).toMatchObject({ status: 'match' });
    expect(outcomeOf(report)).toBe('incomplete');
  });

  test('is nothing at all: an audit that saw nothing is not complete', async () => {
    expect(outcomeOf((await audited(lab)).report)).toBe('incomplete');
  });

  test('is exempt with a reason, in these pods only', async () => {
    const image = await push(lab);
    run(image, image);
    const [first] = lab.api.pods;
    const exempt = [{ resource: `shop/${first?.metadata?.name}`, reason: 'a trial' }];
    const { report } = await audited(lab, { exempt });
    expect(report.images).toMatchObject([
      { status: 'not-signed', containers: [{ pod: lab.api.pods[1]?.metadata?.name }] },
      { status: 'exempt', reason: 'a trial' },
    ]);
    const all = await audited(lab, {
      exempt: [{ image: `${lab.lab.registry.host}/*`, reason: 'all' }],
    });
    expect(outcomeOf(all.report)).toBe('clean');
  });
});

const withClient = (of: Lab, client: RegistryClient): Lab => ({ ...of, client });

function stateWithPlatforms(images: readonly PushedImage[]): string {
  const [index] = images as [PushedImage];
  const manifests = images.map(({ manifest }) => ({ digest: manifest.digest }));
  const verified = {
    urn: 'urn:pulumi:prod::shop::signed-image:index:VerifiedImage::app',
    type: 'signed-image:index:VerifiedImage',
    outputs: {
      digest: index.manifest.digest,
      imageRef: index.ref,
      verification: JSON.stringify({ manifests }),
    },
  };
  return stateOf([], [verified]);
}

describe('compared with a commit', () => {
  test('is from it', async () => {
    const image = await signed();
    run(image);
    expect((await audited(lab, { commit: COMMIT })).of(image)).toMatchObject({
      status: 'match',
      commit: COMMIT,
    });
  });

  test('is not from it, or does not have an annotation for it', async () => {
    const [image, silent] = [await signed(), await push(lab)];
    await sign(lab, [silent], lab.ours, { provenance: false });
    run(image, silent);
    const { of } = await audited(lab, { commit: ELSEWHERE });
    expect(of(image)).toMatchObject({
      status: 'not-from-this-commit',
      commit: COMMIT,
      reason: `it is from commit ${COMMIT}; expected commit ${ELSEWHERE}`,
    });
    expect(of(silent)).toMatchObject({
      status: 'not-from-this-commit',
      reason: expect.stringContaining('no trusted provenance'),
    });
  });

  test('does not meet the rest of the policy either', async () => {
    const image = await signed();
    run(image);
    const policy = { keys: [lab.ours.publicKey.pem], provenance: { builderId: 'nobody' } };
    const { of } = await audited(lab, { policy, commit: ELSEWHERE });
    expect(of(image)).toMatchObject({ status: 'policy-not-met' });
  });
});

describe('compared with the state of a stack', () => {
  test('is or is not in the stack, and images of the stack that do not run are listed', async () => {
    const [ours, otherSigner, idle] = [await signed(), await signed(), await signed()];
    run(ours, otherSigner);
    const { report, of } = await audited(lab, { stackState: stateOf([ours, idle]) });
    expect(of(ours)).toMatchObject({ status: 'match', resource: 'image-0' });
    expect(of(otherSigner)).toMatchObject({ status: 'not-in-stack' });
    expect(report.notRunning).toEqual([idle.ref]);
  });

  test('is not from the commit that the state has', async () => {
    const image = await signed();
    run(image);
    const verified = {
      urn: 'urn:pulumi:prod::shop::signed-image:index:VerifiedImage::app',
      type: 'signed-image:index:VerifiedImage',
      inputs: { provenance: { commit: ELSEWHERE } },
      outputs: { digest: image.manifest.digest, imageRef: image.ref },
    };
    const { of } = await audited(lab, { stackState: stateOf([], [verified]) });
    expect(of(image)).toMatchObject({ status: 'not-from-this-commit' });
  });

  test('has a log entry that the state knows, or does not know', async () => {
    const image = await signed();
    run(image);
    const first = (await audited(lab)).of(image)?.logEntries?.[0];
    const stateWith = (logIndex: string): string =>
      stateOf(
        [image],
        [
          {
            type: 'signed-image:index:ImageSignature',
            outputs: { logEntries: [{ subject: image.manifest.digest, logIndex }] },
          },
        ],
      );
    const known = await audited(lab, { stackState: stateWith(first?.logIndex ?? '') });
    expect(known.of(image)).toMatchObject({ status: 'match', logEntries: [{ inState: true }] });
    const unknown = await audited(lab, { stackState: stateWith('999999') });
    expect(unknown.of(image)).toMatchObject({
      status: 'match',
      logEntries: [{ inState: false }],
      notes: [expect.stringContaining('state of the stack')],
    });
  });
});

describe('arguments that are refused before any request', () => {
  test.each([
    ['nobody is trusted', { policy: {} }, 'keys'],
    ['an unknown format', { policy: { keys: ['env://NONE'], format: 'new' as 'any' } }, 'format'],
    ['an unknown witness', { policy: { transparency: 'much' as 'log' } }, 'transparency'],
    [
      'an identity without a log or timestamp',
      { policy: { identities: [{ identity: 'a', issuer: 'b' }], transparency: 'none' as const } },
      'transparency',
    ],
    [
      'half an identity',
      { policy: { identities: [{ identity: 'a', issuer: '' }] } },
      'identities[0].issuer',
    ],
    ['a key that is not there', { policy: { keys: ['env://NONE'] } }, 'keys[0]'],
    ['half a commit', { commit: '1234' }, 'commit'],
    ['a namespace that is none', { namespaces: ['../kube-system'] }, 'namespaces'],
    [
      'an exemption without a reason',
      { exempt: [{ image: 'a/*', reason: ' ' }] },
      'exempt[0].reason',
    ],
    ['an exemption for all', { exempt: [{ image: '*', reason: 'x' }] }, 'exempt[0].image'],
    ['no state', { stackState: '{}' }, 'stackState'],
  ])('%s', async (_what, args, property) => {
    const before = lab.api.requests.length;
    expect(await failureOf(audited(lab, args))).toMatchObject({ property });
    expect(lab.api.requests).toHaveLength(before);
  });
});
