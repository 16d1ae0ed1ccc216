import { generateKeyPairSync } from 'node:crypto';

import { encryptPrivateKey } from '../../../src/sign';
import {
  type Properties,
  Secret,
  toValue,
  UNKNOWN,
} from '../../../src/pulumi/plugin/protocol/wire-value';
import { type PushedImage, pushImage } from '../../interop/support/images';
import { openWorkbench, PASSWORD, plain, type Record, type Workbench } from './support/workbench';

const PAST = '2020-01-01T00:00:00Z';
const FUTURE = '2999-01-01T00:00:00Z';

let bench: Workbench;
let image: PushedImage;
let nextPublicKey: string;

beforeAll(async () => {
  bench = await openWorkbench();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  bench.write('next.key', await encryptPrivateKey(privateKey, PASSWORD, { cost: 32768 }));
  nextPublicKey = String(publicKey.export({ type: 'spki', format: 'pem' }));
  image = await pushImage(bench.registry.host);
});
afterAll(() => bench.close());
beforeEach(() => bench.said.splice(0));

const former = { ref: 'cosign.key', password: new Secret(PASSWORD) };
const next = { ...former, ref: 'next.key' };

describe('a key that is retired', () => {
  it('cannot sign', async () => {
    const plan = (trustedKeys: readonly object[]) =>
      bench.problems('SigningPlan', {
        image: image.reference,
        key: former,
        verify: { trustedKeys },
      });
    const [problem] = await plan([{ key: bench.publicKey, notAfter: PAST }]);
    expect(problem).toMatch(
      /^key\.ref: `verify\.trustedKeys` does not accept new signatures of this key.*sign with its successor$/,
    );
    expect(await plan([{ key: bench.publicKey, notBefore: PAST, notAfter: FUTURE }])).toEqual([]);
    expect(await plan([{ key: nextPublicKey, retired: true }])).toEqual([]);
  });

  it('is logged when it alone has signed an image, and the next key signs again', async () => {
    const signed = await bench.create('ImageSignature', { image: image.reference, key: former });
    const verification = {
      image: image.reference,
      keys: [nextPublicKey],
      trustedKeys: [{ key: bench.publicKey, notAfter: PAST }],
    };
    await expect(bench.create('VerifiedImage', verification)).rejects.toMatchObject({
      code: 'VERIFY_KEY_RETIRED',
    });
    bench.said.splice(0);
    const again = await bench.update('ImageSignature', signed, {
      image: image.reference,
      key: next,
    });
    expect(bench.said[0]).toMatch(/^the signer changes from key sha256:.* to key sha256:.*$/);
    expect(bench.said.at(-1)).toMatch(/^signed by key sha256:.*: 1 created$/);
    expect(plain(again.outputs, 'written')).toHaveLength(2);
    const verified = await bench.create('VerifiedImage', verification);
    expect(plain(verified.outputs, 'signer')).toMatchObject({ publicKey: nextPublicKey });
  });

  it('is replaced in a preview, which leaves the verification by the next key to the update', async () => {
    const old = await pushImage(bench.registry.host);
    const { reference } = old;
    const signature = await bench.create('ImageSignature', { image: reference, key: former });
    const keys = [bench.publicKey];
    const verified = await bench.create('VerifiedImage', { image: reference, keys });
    const { log } = bench;
    const preview = async (
      name: 'ImageSignature' | 'VerifiedImage',
      before: Record,
      to: object,
    ) => {
      const news = toValue(to) as Properties;
      const urn = `urn:pulumi:s::p::signed-image:index:${name}::app`;
      const resource = bench.resource(name);
      const { inputs } = await resource.check({ urn, olds: before.inputs, news, log });
      const { id, inputs: oldInputs, outputs: oldOutputs } = before;
      return resource.update({ urn, id, oldInputs, oldOutputs, inputs, preview: true, log });
    };
    const verify = () =>
      preview('VerifiedImage', verified, { image: reference, keys: [nextPublicKey] });
    // No resource would sign.
    await expect(verify()).rejects.toMatchObject({ code: 'VERIFY_SIGNER_MISMATCH' });
    await preview('ImageSignature', signature, { image: reference, key: next });
    expect(await verify()).toMatchObject({
      digest: old.digest,
      imageRef: reference,
      signer: UNKNOWN,
    });
    expect(bench.said.at(-1)).toBe('would verify the image when it is signed');
    // Another image is not affected.
    const other = await pushImage(bench.registry.host);
    await expect(
      preview('VerifiedImage', verified, { image: other.reference, keys: [nextPublicKey] }),
    ).rejects.toMatchObject({ code: 'VERIFY_UNSIGNED' });
    // The signature exists: the preview verifies.
    const signed = await bench.update('ImageSignature', signature, { image: reference, key: next });
    await preview('ImageSignature', signed, { image: reference, key: next });
    expect(plain(await verify(), 'signer')).toMatchObject({ publicKey: nextPublicKey });
  });

  it('shows in a refresh of what it signed', async () => {
    const old = await pushImage(bench.registry.host);
    await bench.create('ImageSignature', { image: old.reference, key: former });
    const declared = { image: old.reference, trustedKeys: [{ key: bench.publicKey }] };
    const verified = await bench.create('VerifiedImage', declared);
    const inputs = {
      ...verified.inputs,
      trustedKeys: [{ key: bench.publicKey, notAfter: PAST }],
    };
    const { id, outputs } = verified;
    const { log } = bench;
    await bench.resource('VerifiedImage').read({ urn: 'urn', id, inputs, outputs, log });
    expect(bench.said.join('\n')).toContain('is invalid: signed by the retired key sha256:');
  });
});

describe('trusted keys', () => {
  it('are reported with each problem on its property', async () => {
    const trustedKeys = [
      { notAfter: '31.1.2027' },
      { key: 'nothing.pub', notBefore: FUTURE, notAfter: PAST },
      { key: bench.publicKey, notBefore: '2027-02-31T25:00:00Z', retired: 'yes' },
    ];
    const problems = await bench.problems('VerifiedImage', { image: image.reference, trustedKeys });
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'trustedKeys[0].key',
      'trustedKeys[0].notAfter',
      'trustedKeys[1].key',
      'trustedKeys[1].notAfter',
      'trustedKeys[2].notBefore',
      'trustedKeys[2].retired',
    ]);
  });

  it('hold no PIN, because they are stored', async () => {
    const key = 'pkcs11:token=t;object=o?pin-value=canary-pin-1234';
    const problems = await bench.problems('VerifiedImage', {
      image: image.reference,
      keys: [key],
      trustedKeys: [{ key }],
    });
    expect(problems.map((problem) => problem.split(': ')[0]).sort()).toEqual([
      'keys[0]',
      'trustedKeys[0].key',
    ]);
    expect(problems.join()).toContain('contains a PIN');
    expect(problems.join()).not.toContain('canary-pin');
  });
});
