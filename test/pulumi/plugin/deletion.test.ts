import { generateKeyPairSync } from 'node:crypto';

import { encryptPrivateKey } from '../../../src/sign';
import { Secret } from '../../../src/pulumi/plugin/protocol/wire-value';
import { type PushedImage, pushImage, pushIndex } from '../../interop/support/images';
import { openWorkbench, PASSWORD, plain, type Record, type Workbench } from './support/workbench';

let bench: Workbench;
let image: PushedImage;

beforeAll(async () => {
  bench = await openWorkbench();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  bench.write('stranger.key', await encryptPrivateKey(privateKey, PASSWORD, { cost: 32768 }));
});
afterAll(() => bench.close());
beforeEach(async () => {
  Object.assign(bench.registry.settings, { deleteDisabled: false, faults: undefined });
  image = await pushImage(bench.registry.host);
  bench.said.splice(0);
  bench.registry.clearRequests();
});

const key = { ref: 'cosign.key', password: new Secret(PASSWORD) };
const otherSigner = { ...key, ref: 'stranger.key' };
const signature = (more: object = {}): object => ({
  image: image.reference,
  key,
  format: 'both',
  ...more,
});
const path = (): string => image.repository.slice(image.repository.indexOf('/') + 1);
const deletes = (): readonly string[] =>
  bench.writes().filter((write) => write.startsWith('DELETE'));
const stored = (reference: string): boolean =>
  bench.registry.store.getManifest(path(), reference) !== undefined;
const storedBy = ({ outputs }: Record): readonly string[] =>
  (plain(outputs, 'signatures') as { format: string; stored: string }[]).flatMap((each) =>
    each.format === 'bundle' ? [each.stored] : [],
  );
const tag = (suffix: string): string => `${image.digest.replace(':', '-')}.${suffix}`;
const layers = (): number => {
  const { bytes } = bench.registry.store.getManifest(path(), tag('sig')) ?? {};
  return (JSON.parse(bytes?.toString() ?? '{"layers":[]}') as { layers: unknown[] }).layers.length;
};

describe('the deletion of signatures', () => {
  it('removes nothing by default', async () => {
    const signed = await bench.create('ImageSignature', signature());
    bench.registry.clearRequests();
    await bench.remove('ImageSignature', signed);
    expect(bench.registry.requests).toEqual([]);
  });

  it('removes what this resource wrote, in each format, and what others wrote stays', async () => {
    const theirs = await bench.create('ImageSignature', signature({ key: otherSigner }));
    const ours = await bench.create('ImageSignature', signature({ deletion: 'signatures' }));
    const again = await bench.update(
      'ImageSignature',
      ours,
      signature({ deletion: 'signatures', annotations: { stage: 'production' } }),
    );
    expect(plain(again.outputs, 'written')).toHaveLength(4);
    expect(layers()).toBe(3);
    await bench.remove('ImageSignature', again);
    expect(bench.said.at(-1)).toBe(`removed 4 signatures from ${image.repository}`);
    expect([...storedBy(ours), ...storedBy(again)].some(stored)).toBe(false);
    expect(storedBy(theirs).every(stored)).toBe(true);
    expect(layers()).toBe(1);
    expect(stored(image.digest)).toBe(true);
    // A second try finds nothing more to do.
    await bench.remove('ImageSignature', again);
    expect(bench.said.at(-1)).toBe(`removed 0 signatures from ${image.repository}`);
  });

  it('leaves a signature that it found, and did not make', async () => {
    const made = await bench.create('ImageSignature', signature());
    const found = await bench.create('ImageSignature', signature({ deletion: 'signatures' }));
    expect(plain(found.outputs, 'written')).toEqual([]);
    bench.registry.clearRequests();
    await bench.remove('ImageSignature', found);
    expect(bench.registry.requests).toEqual([]);
    expect(storedBy(made).every(stored)).toBe(true);
  });

  it('leaves a signature that another resource of the run rests on', async () => {
    const made = await bench.create('ImageSignature', signature({ deletion: 'signatures' }));
    await bench.create('VerifiedImage', { image: image.reference, keys: [bench.publicKey] });
    await bench.remove('ImageSignature', made);
    expect(storedBy(made).every(stored)).toBe(true);
    expect(bench.said.join('\n')).toMatch(/is kept: urn:.*VerifiedImage::app uses it/);
  });

  it('logs the remaining content if the registry does not support deletion, and succeeds', async () => {
    const signed = await bench.create('ImageSignature', signature({ deletion: 'signatures' }));
    bench.registry.settings.deleteDisabled = true;
    await bench.remove('ImageSignature', signed);
    expect(bench.said.at(-1)).toContain(
      `does not support deletion, so 2 signatures remain in ${path()}`,
    );
    expect(bench.said.at(-1)).toContain('set `deletion` to "keep"');
    expect(storedBy(signed).every(stored)).toBe(true);
  });

  it('fails where the registry refuses it now, and the next try completes it', async () => {
    const signed = await bench.create('ImageSignature', signature({ deletion: 'signatures' }));
    let refused = 0;
    bench.registry.settings.faults = ({ method }) =>
      method === 'DELETE' && (refused += 1) > 1 ? { status: 403 } : undefined;
    await expect(bench.remove('ImageSignature', signed)).rejects.toMatchObject({
      code: 'REGISTRY_FORBIDDEN',
    });
    bench.registry.settings.faults = undefined;
    await bench.remove('ImageSignature', signed);
    expect(storedBy(signed).some(stored)).toBe(false);
    expect(stored(tag('sig'))).toBe(false);
  });

  it('is a setting whose change sends no request', async () => {
    const signed = await bench.create('ImageSignature', signature());
    bench.registry.clearRequests();
    const changed = await bench.update(
      'ImageSignature',
      signed,
      signature({ deletion: 'signatures' }),
    );
    expect(changed.changed).toEqual(['deletion']);
    expect(changed.outputs).toEqual(signed.outputs);
    expect(bench.registry.requests).toEqual([]);
    expect(bench.said.at(-1)).toContain('a delete would remove 2 signatures');
  });

  it('is logged when another repository replaces this one', async () => {
    const signed = await bench.create('ImageSignature', signature({ deletion: 'signatures' }));
    const other = await pushImage(bench.registry.host);
    const { log } = bench;
    const resource = bench.resource('ImageSignature');
    const urn = 'urn:pulumi:s::p::signed-image:index:ImageSignature::app';
    const { replaces } = await resource.diff({
      ...{ urn, id: signed.id, oldInputs: signed.inputs, oldOutputs: signed.outputs, log },
      news: { ...signed.inputs, image: other.reference },
    });
    expect(replaces).toEqual(['image']);
    expect(bench.said.at(-1)).toBe(
      `the replacement removes 2 signatures that this resource wrote (deletion: signatures) from ${image.repository}`,
    );
  });

  it('takes three words only', async () => {
    expect(await bench.problems('ImageSignature', signature({ deletion: 'everything' }))).toEqual([
      'deletion: must be one of keep, signatures, all, not "everything"',
    ]);
  });
});

describe('the deletion of images', () => {
  /** A build's state, without a builder. */
  const build = (deletion: string, pushed: readonly object[]): Record => ({
    id: image.repository,
    inputs: { image: `${image.repository}:v1`, deletion },
    outputs: { claimedDigest: image.digest, pushed: pushed as never },
  });
  const pushed = (name = 'v1'): readonly object[] => [{ digest: image.digest, tag: name }];

  it.each(['keep', 'signatures'])('removes nothing with `%s`', async (deletion) => {
    await bench.remove('ImageBuild', build(deletion, pushed()));
    expect(bench.registry.requests).toEqual([]);
  });

  it('removes an index and its platforms', async () => {
    image = await pushIndex(bench.registry.host);
    await bench.remove('ImageBuild', build('all', pushed()));
    expect([image, ...image.platforms].some(({ digest }) => stored(digest))).toBe(false);
    expect(bench.said.at(-1)).toBe(`removed ${image.repository}@${image.digest}`);
    await bench.remove('ImageBuild', build('all', pushed()));
    expect(bench.said.at(-1)).toBe(`removed ${image.repository}@${image.digest}`);
    expect(deletes()).toHaveLength(3);
  });

  it('leaves an image that others have signed, in either format', async () => {
    for (const format of ['bundle', 'legacy']) {
      image = await pushImage(bench.registry.host);
      await bench.create('ImageSignature', signature({ key: otherSigner, format }));
      bench.environment.uses.record(
        'urn:pulumi:s::p::signed-image:index:ImageSignature::app',
        '',
        [],
      );
      await bench.remove('ImageBuild', build('all', pushed()));
      expect(stored(image.digest)).toBe(true);
      expect(bench.said.at(-1)).toMatch(
        /is kept: .* that this resource did not write$|is kept: .*, which this resource did not write$/,
      );
    }
  });

  it('leaves an image that another tag names, and platforms that another index lists', async () => {
    const { store } = bench.registry;
    await bench.remove('ImageBuild', build('all', pushed('build-1')));
    expect(stored(image.digest)).toBe(true);
    expect(bench.said.at(-1)).toContain('the tag v1 refers to it');

    image = await pushIndex(bench.registry.host);
    const index = store.getManifest(path(), image.digest);
    if (!index) throw new Error('the index was pushed');
    const { manifests } = JSON.parse(String(index.bytes)) as { manifests: { digest: string }[] };
    const fewer = { ...(JSON.parse(String(index.bytes)) as object), manifests: [manifests[0]] };
    store.putManifest(
      path(),
      { ...index, bytes: Buffer.from(JSON.stringify(fewer)) },
      { tag: 'v2' },
    );
    await bench.remove('ImageBuild', build('all', pushed()));
    expect(stored(image.digest)).toBe(false);
    expect(manifests.map(({ digest }) => stored(digest))).toEqual([true, false]);
  });

  it('leaves an image that another resource of the run rests on', async () => {
    const signed = await bench.create('ImageSignature', signature({ deletion: 'signatures' }));
    await bench.remove('ImageBuild', build('all', pushed()));
    expect(stored(image.digest)).toBe(true);
    expect(bench.said.at(-1)).toContain('ImageSignature::app uses it');
    expect(storedBy(signed).every(stored)).toBe(true);
  });

  it('logs the remaining content if the registry does not support deletion', async () => {
    bench.registry.settings.deleteDisabled = true;
    await bench.remove('ImageBuild', build('all', pushed()));
    expect(bench.said.at(-1)).toContain(`so the images remain in ${path()}`);
  });
});
