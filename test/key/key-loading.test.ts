import crypto, { type KeyObject, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  checkKeyWithoutPassword,
  encryptPrivateKey,
  loadKeySigner,
  loadPublicKey,
} from '../../src/key';
import { failureOf } from '../sign/support/failure';
import { everythingIn, testHost } from '../sign/support/host';

const fixture = (name: string) => join(__dirname, 'fixtures', name);
const host = testHost();

/** What `cosign sign-blob --key rsa.key` made of `hello\n`: PKCS#1 v1.5 has one signature only. */
const COSIGN_RSA_SIGNATURE =
  'z9eOEULFjOTqq4skTaWDy0sMLAwo2IchGf4lg/MB28F6TfC/DwTklHGT0K1tH81hOAUNFYWXbuk4cOZcGrQ9MFpV2uM8qGC3' +
  'fhpPtu6dfgu+nPGiMifBlfiRMQY5renL9dMA+RKUwbG+2mftgF+PxcN9mBNyVz/Unw7cv1UIIaRsdEuNxZCUaDrpCQc6o/Lf' +
  'rv1QEvb0DxdizuJmPcLJCh05AIPAGCLWeEEeNwWKBOsGP/rLHlWQ72PEP0YtSm33Gd2xByRnCuptZiH9mBDociVuV+kado6X' +
  'PIrq/8qc9aV+6AOVi/9+ytcSCK7BT4XiUhYA5M8fNec3bHVNPak5qw==';

function generate(kind: 'P-256' | 'P-384' | 'P-521' | 'secp256k1' | 'ed25519' | number): KeyObject {
  if (typeof kind === 'number')
    return generateKeyPairSync('rsa', { modulusLength: kind }).privateKey;
  if (kind === 'ed25519') return generateKeyPairSync('ed25519').privateKey;
  return generateKeyPairSync('ec', { namedCurve: kind }).privateKey;
}

const pemOf = (key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8') =>
  key.export({ format: 'pem', type } as never).toString();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signed-image-key-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a key that cosign wrote', () => {
  it('signs so that its own public key verifies, and names that key', async () => {
    const signer = await loadKeySigner({ ref: fixture('p256.key'), password: 'pw' }, host);
    const { signature, key } = await signer.sign(Buffer.from('data'));
    const pub = await readFile(fixture('p256.pub'), 'utf8');

    expect(verify('sha256', Buffer.from('data'), createPublicKey(pub), signature)).toBe(true);
    expect(signer.publicKey.pem).toBe(pub);
    expect(signer.publicKey).toEqual(await loadPublicKey(fixture('p256.pub'), host));
    expect(key).toEqual({
      $case: 'publicKey',
      publicKey: pub,
      hint: Buffer.from(signer.publicKey.keyId, 'hex').toString('base64'),
    });
  });

  it('creates the same signature as cosign (RSA, empty password)', async () => {
    const signer = await loadKeySigner({ ref: fixture('rsa.key') }, host);
    const { signature } = await signer.sign(Buffer.from('hello\n'));
    expect(signature.toString('base64')).toBe(COSIGN_RSA_SIGNATURE);
    expect(signer.publicKey.algorithm).toBe('rsa-pkcs1v15-sha256');
  });

  it('is refused where cosign would sign with a hash that cosign verify does not try', async () => {
    const error = await failureOf(
      loadKeySigner({ ref: fixture('p384.key'), password: 'pw' }, host),
    );
    expect(error).toMatchObject({ code: 'KEY_UNSUPPORTED', property: 'key.ref' });
    expect(error.message).toContain('EC secp384r1');
    expect(error.message).toContain('cosign generate-key-pair');
  });
});

describe('the password of an encrypted key', () => {
  const privateKey = generate('P-256');

  it.each([32768, 65536, 131072] as const)(
    'opens what it closed, with scrypt N %d',
    async (cost) => {
      const pem = await encryptPrivateKey(privateKey, 'pässwörd', { cost });
      expect(pem).toMatch(/^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n/);
      const signer = await loadKeySigner({ ref: pem, password: 'pässwörd' }, host);
      const data = Buffer.from('data');
      expect(
        verify('sha256', data, createPublicKey(privateKey), (await signer.sign(data)).signature),
      ).toBe(true);
    },
  );

  it("opens the older label too, and Windows' line ends", async () => {
    const pem = (await encryptPrivateKey(privateKey, 'pw', { cost: 32768 }))
      .replaceAll('SIGSTORE', 'COSIGN')
      .replaceAll('\n', '\r\n');
    await expect(loadKeySigner({ ref: pem, password: 'pw' }, host)).resolves.toBeDefined();
  });

  it('is COSIGN_PASSWORD without the input, and the input if both are set', async () => {
    const pem = await encryptPrivateKey(privateKey, 'canary-from-env', { cost: 32768 });
    const env = { COSIGN_PASSWORD: 'canary-from-env' };
    await expect(loadKeySigner({ ref: pem }, testHost({ env }))).resolves.toBeDefined();
    const error = await failureOf(loadKeySigner({ ref: pem, password: '' }, testHost({ env })));
    expect(error.message).toContain('key.password does not decrypt');
  });

  it.each([
    [{ password: 'canary-wrong-one' }, {}, 'the password of key.password'],
    [{}, { COSIGN_PASSWORD: 'canary-wrong-one' }, 'the password of COSIGN_PASSWORD'],
    [{}, {}, 'neither key.password nor COSIGN_PASSWORD is set'],
  ])('is reported by its origin when it is wrong (case %#)', async (input, env, origin) => {
    const error = await failureOf(
      loadKeySigner({ ref: fixture('p256.key'), ...input }, testHost({ env })),
    );
    expect(error).toMatchObject({ code: 'KEY_PASSWORD_WRONG', property: 'key.password' });
    expect(error.message).toContain(origin);
    expect(everythingIn(error)).not.toContain('canary-wrong-one');
  });

  it('is not remembered as wrong after a failure', async () => {
    const pem = await encryptPrivateKey(privateKey, 'right', { cost: 32768 });
    await failureOf(loadKeySigner({ ref: pem, password: 'wrong' }, host));
    await failureOf(loadKeySigner({ ref: pem }, host)).then(({ message }) =>
      expect(message).toContain('the empty password'),
    );
    await expect(loadKeySigner({ ref: pem, password: 'right' }, host)).resolves.toBeDefined();
  });

  it('is derived once for the same key, however often it is loaded', async () => {
    const pem = await encryptPrivateKey(privateKey, 'pw', { cost: 32768 });
    const derivations = jest.spyOn(crypto, 'scrypt');
    const load = () => loadKeySigner({ ref: pem, password: 'pw' }, host);
    await Promise.all([load(), load()]);
    await load();
    expect(derivations).toHaveBeenCalledTimes(1);
    derivations.mockRestore();
  });

  it('is worked on alone, as each takes up to 128 MB', async () => {
    const pems = await Promise.all(
      ['a', 'b', 'c'].map((password) => encryptPrivateKey(privateKey, password, { cost: 32768 })),
    );
    const { scrypt } = crypto;
    let atOnce = 0;
    let most = 0;
    const derivations = jest.spyOn(crypto, 'scrypt').mockImplementation((...args) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      const [password, salt, length, options, done] = args as Parameters<typeof scrypt>;
      scrypt(password, salt, length, options, (error, key) => {
        atOnce -= 1;
        done(error, key);
      });
    });
    const load = (ref: string, index: number) =>
      loadKeySigner({ ref, password: 'abc'.charAt(index) }, host);
    await Promise.all(pems.map(load));
    expect(derivations).toHaveBeenCalledTimes(3);
    expect(most).toBe(1);
    derivations.mockRestore();
  });
});

describe('a plain key', () => {
  it.each([
    ['PKCS#8 P-256', pemOf(generate('P-256'))],
    ['SEC1 P-256', pemOf(generate('P-256'), 'sec1')],
    ['PKCS#8 RSA 2048', pemOf(generate(2048))],
    ['PKCS#1 RSA 3072', pemOf(generate(3072), 'pkcs1')],
  ])('%s signs from text, a variable and a file', async (_, pem) => {
    const path = join(folder, 'plain.key');
    await writeFile(path, pem);
    const refs = [pem, 'env://THE_KEY', path];
    for (const ref of refs) {
      const signer = await loadKeySigner({ ref }, testHost({ env: { THE_KEY: pem } }));
      const data = Buffer.from(ref);
      const { signature } = await signer.sign(data);
      expect(verify('sha256', data, createPublicKey(pem), signature)).toBe(true);
    }
  });

  it('is found after its parameters, as written by OpenSSL', async () => {
    const pem = `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pemOf(generate('P-256'), 'sec1')}`;
    await expect(loadKeySigner({ ref: pem }, host)).resolves.toBeDefined();
  });

  it.each([['P-384'], ['P-521'], ['secp256k1'], ['ed25519'], [1024], [4096]] as const)(
    '%s is rejected: not every verifier accepts it',
    async (kind) => {
      const error = await failureOf(loadKeySigner({ ref: pemOf(generate(kind)) }, host));
      expect(error).toMatchObject({ code: 'KEY_UNSUPPORTED', property: 'key.ref' });
      expect(error.message).toContain('cosign generate-key-pair');
    },
  );

  it('of RSA-PSS is refused', async () => {
    const { privateKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
    expect((await failureOf(loadKeySigner({ ref: pemOf(privateKey) }, host))).code).toBe(
      'KEY_UNSUPPORTED',
    );
  });
});

describe('a text without a usable private key', () => {
  const privateKey = generate('P-256');
  const pem = pemOf(privateKey);
  const publicPem = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString();
  const openssl = privateKey
    .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
  const traditional = privateKey
    .export({ format: 'pem', type: 'sec1', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();

  it.each([
    ['a public key', publicPem, 'KEY_UNSUPPORTED', 'signing needs the private key'],
    ['a key encrypted by OpenSSL', openssl, 'KEY_UNSUPPORTED', 'cosign import-key-pair'],
    [
      "a key encrypted in OpenSSL's old way",
      traditional,
      'KEY_UNSUPPORTED',
      'cosign import-key-pair',
    ],
    ['two keys', pem + pem, 'KEY_UNREADABLE', 'more than one private key'],
    ['half a key', pem.slice(0, 80), 'KEY_UNREADABLE', 'does not contain a complete PEM block'],
    ['a damaged key', pem.replace(/\n.{30}/, '\nAAAA'), 'KEY_UNREADABLE', 'damaged'],
    [
      'an SSH key',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----',
      'KEY_UNSUPPORTED',
      'OPENSSH PRIVATE KEY',
    ],
  ])('%s is refused without being repeated', async (_, ref, code, text) => {
    const error = await failureOf(loadKeySigner({ ref }, host));
    expect(error).toMatchObject({ code, property: 'key.ref' });
    expect(error.message).toContain(text);
    const secretLine = ref.split('\n')[1] ?? '';
    if (secretLine.length > 8) expect(everythingIn(error)).not.toContain(secretLine);
  });

  it('a missing file and a folder are reported by their path', async () => {
    const missing = join(folder, 'missing.key');
    const error = await failureOf(loadKeySigner({ ref: missing }, host));
    expect(error).toMatchObject({ code: 'KEY_UNREADABLE', property: 'key.ref' });
    expect(error.message).toContain(`${missing} does not exist`);
    expect((await failureOf(loadKeySigner({ ref: folder }, host))).message).toContain(
      'is a directory',
    );
  });

  it.each([
    ['EACCES', 'is not readable by this user'],
    ['EIO', 'cannot be read (EIO)'],
  ])('a file that fails with %s is reported', async (code, text) => {
    const readFile = () => Promise.reject(Object.assign(new Error('no'), { code }));
    expect(
      (await failureOf(loadKeySigner({ ref: 'a.key' }, testHost({ readFile })))).message,
    ).toContain(text);
  });

  it.each([
    [{}, 'is not set'],
    [{ A_KEY: ' ' }, 'is empty'],
  ])('a variable in %j is reported', async (env, text) => {
    const error = await failureOf(loadKeySigner({ ref: 'env://A_KEY' }, testHost({ env })));
    expect(error).toMatchObject({ code: 'KEY_UNREADABLE', property: 'key.ref' });
    expect(error.message).toContain(`A_KEY ${text}`);
  });
});

describe('a damaged encrypted key', () => {
  const good = {
    kdf: {
      name: 'scrypt',
      params: { N: 65536, r: 8, p: 1 },
      salt: Buffer.alloc(32).toString('base64'),
    },
    cipher: { name: 'nacl/secretbox', nonce: Buffer.alloc(24).toString('base64') },
    ciphertext: Buffer.alloc(64).toString('base64'),
  };
  const asPem = (body: string) =>
    `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${Buffer.from(body).toString('base64')}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----`;

  it.each([
    ['no JSON', 'not json', 'KEY_UNREADABLE'],
    ['no object', '[]', 'KEY_UNREADABLE'],
    ['no kdf', JSON.stringify({ ...good, kdf: undefined }), 'KEY_UNREADABLE'],
    [
      'a salt of another size',
      JSON.stringify({ ...good, kdf: { ...good.kdf, salt: 'AAAA' } }),
      'KEY_UNREADABLE',
    ],
    [
      'a nonce that is not base64',
      JSON.stringify({ ...good, cipher: { ...good.cipher, nonce: '!' } }),
      'KEY_UNREADABLE',
    ],
    ['too little ciphertext', JSON.stringify({ ...good, ciphertext: 'AAAA' }), 'KEY_UNREADABLE'],
    [
      'a cost that would take all memory',
      JSON.stringify({ ...good, kdf: { ...good.kdf, params: { N: 2 ** 30, r: 8, p: 1 } } }),
      'KEY_UNSUPPORTED',
    ],
    [
      'another block size',
      JSON.stringify({ ...good, kdf: { ...good.kdf, params: { N: 65536, r: 16, p: 1 } } }),
      'KEY_UNSUPPORTED',
    ],
    [
      'another derivation',
      JSON.stringify({ ...good, kdf: { ...good.kdf, name: 'argon2' } }),
      'KEY_UNSUPPORTED',
    ],
    [
      'another cipher',
      JSON.stringify({ ...good, cipher: { ...good.cipher, name: 'aes' } }),
      'KEY_UNSUPPORTED',
    ],
  ])('with %s is refused before any work is done', async (_, body, code) => {
    const error = await failureOf(checkKeyWithoutPassword(asPem(body), host));
    expect(error).toMatchObject({ code, property: 'key.ref' });
    expect(
      await failureOf(loadKeySigner({ ref: asPem(body), password: 'pw' }, host)),
    ).toMatchObject({ code });
  });
});

describe('a check without the password', () => {
  it('takes an encrypted key, and refuses a plain one of the wrong kind', async () => {
    await expect(checkKeyWithoutPassword(fixture('p256.key'), host)).resolves.toBeUndefined();
    const error = await failureOf(checkKeyWithoutPassword(pemOf(generate('P-384')), host));
    expect(error).toMatchObject({ code: 'KEY_UNSUPPORTED', property: 'key.ref' });
  });
});

describe('a public key', () => {
  const privateKey = generate(2048);
  const publicKey = createPublicKey(privateKey);

  it('is read in both of its forms', async () => {
    const spki = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const pkcs1 = publicKey.export({ format: 'pem', type: 'pkcs1' }).toString();
    expect(await loadPublicKey(pkcs1, host)).toEqual(await loadPublicKey(spki, host));
    expect((await loadPublicKey(spki, host)).pem).toBe(spki);
  });

  it.each([
    ['a private key', pemOf(privateKey), 'KEY_UNSUPPORTED', 'cosign public-key'],
    [
      'no key',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      'KEY_UNREADABLE',
      'exactly one',
    ],
    [
      'a damaged one',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      'KEY_UNREADABLE',
      'damaged',
    ],
    [
      'one of P-384',
      createPublicKey(generate('P-384')).export({ format: 'pem', type: 'spki' }).toString(),
      'KEY_UNSUPPORTED',
      'secp384r1',
    ],
  ])('that is %s is refused on the property that was named', async (_, ref, code, text) => {
    const error = await failureOf(loadPublicKey(ref, host, 'verify.keys[1]'));
    expect(error).toMatchObject({ code, property: 'verify.keys[1]' });
    expect(error.message).toContain(text);
  });
});
