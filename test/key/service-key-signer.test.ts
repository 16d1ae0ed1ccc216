import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';

import { createServiceKeySigner } from '../../src/key/service-key-signer';
import { readOnce } from '../../src/key/key-loading';
import type { RemoteKey } from '../../src/key';
import { failureOf } from '../sign/support/failure';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const data = Buffer.from('what is signed');

const place: RemoteKey = {
  kind: 'service',
  description: 'the key x of the test service',
  open: async () => {
    throw new Error('is not opened here');
  },
};

const signedBy = (key: KeyObject) =>
  createServiceKeySigner(
    { publicKey: pair.publicKey, sign: async (message) => sign('sha256', message.data, key) },
    place,
  ).sign(data);

describe("a signer with a service's key", () => {
  it('returns what the public key verifies, with the hint that cosign reads', async () => {
    const { signature, key } = await signedBy(pair.privateKey);
    expect(verify('sha256', data, pair.publicKey, signature)).toBe(true);
    expect(key).toMatchObject({ $case: 'publicKey', hint: expect.stringMatching(/^[\w+/]{43}=$/) });
  });

  it('rejects a signature that the public key does not verify', async () => {
    const error = await failureOf(signedBy(other.privateKey));
    expect(error.code).toBe('KEY_SIGNING_FAILED');
    expect(error.message).toContain('the key x of the test service');
    expect(error.message).toContain('rotated');
  });

  it('rejects bytes that are not a valid signature', async () => {
    const signer = createServiceKeySigner(
      { publicKey: pair.publicKey, sign: async () => Buffer.alloc(0) },
      place,
    );
    expect((await failureOf(signer.sign(data))).code).toBe('KEY_SIGNING_FAILED');
  });

  it('rejects a key whose signatures some verifiers do not accept', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    expect(() =>
      createServiceKeySigner({ publicKey, sign: async () => Buffer.alloc(0) }, place),
    ).toThrow('not every verifier accepts');
  });
});

describe('a read from a service', () => {
  const hostOf = () => ({ env: {}, readFile: async () => '' });

  it('is taken once per host and slot, also by many at a time', async () => {
    const host = hostOf();
    let reads = 0;
    const read = async () => (reads += 1);
    await Promise.all([readOnce(host, 'a', read), readOnce(host, 'a', read)]);
    expect(reads).toBe(1);
    await readOnce(host, 'b', read);
    await readOnce(hostOf(), 'a', read);
    expect(reads).toBe(3);
  });

  it('that failed is taken again', async () => {
    const host = hostOf();
    const failed = readOnce(host, 'a', () => Promise.reject(new Error('not now')));
    await expect(failed).rejects.toThrow('not now');
    expect(await readOnce(host, 'a', async () => 'there')).toBe('there');
  });
});
