import { verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { processHost } from '../../src/host/host';
import { type KeyHost, loadKeySigner, loadPublicKey } from '../../src/key';
import { failureOf } from '../sign/support/failure';
import { makeToken, PIN, softhsmModule, type TokenKeySpec } from './support/softhsm';
import { labelOf, removeToken } from './support/token-folder';

const WRONG = 'canary-0815';
const LABEL = labelOf('Release Keys');
const TOKEN = `pkcs11:token=${encodeURIComponent(LABEL)}`;
const data = Buffer.from('what is signed');

const hostOf = (env: NodeJS.ProcessEnv = {}): KeyHost => ({
  ...processHost(),
  env: { COSIGN_PKCS11_MODULE_PATH: softhsmModule(), COSIGN_PKCS11_PIN: PIN, ...env },
});

async function expectSigned(ref: string, host = hostOf()): Promise<void> {
  const signer = await loadKeySigner({ ref }, host);
  const signatures = await Promise.all([signer.sign(data), signer.sign(data)]);
  for (const { signature } of signatures) {
    expect(verify('sha256', data, signer.publicKey.pem, signature)).toBe(true);
  }
}

const refusal = (ref: string, host = hostOf()) => failureOf(loadKeySigner({ ref }, host));

const serials: string[] = [];

async function tokenWith(label: string, keys: readonly TokenKeySpec[]): Promise<string> {
  const serial = await makeToken(label, keys);
  serials.push(serial);
  return serial;
}

beforeAll(async () => {
  await tokenWith(LABEL, [
    { type: 'p256', id: 1, label: 'ec' },
    { type: 'rsa', id: 2, label: 'rsa' },
    { type: 'p384', id: 3, label: 'p384' },
    { type: 'p256', id: 4, label: 'twice' },
    { type: 'p256', id: 5, label: 'twice' },
    { type: 'p256', id: 6, label: 'certified', publicHalf: 'certificate' },
    { type: 'p256', id: 7, label: 'lonely', publicHalf: 'none' },
    { type: 'p256', id: 8, label: 'careful', alwaysAuthenticate: true },
    { type: 'p256', id: 9, label: 'mute', signs: false },
  ]);
});
afterAll(async () => {
  for (const serial of serials) await removeToken(serial);
});

describe('a key in a token of SoftHSM', () => {
  it.each([
    ['ECDSA, by label', 'object=ec'],
    ['ECDSA, by id', 'id=%01'],
    ['RSA, by both', 'id=%02;object=rsa'],
    ['one of two of the same label, by id', 'id=%05;object=twice'],
    ['with a certificate in place of the public key', 'object=certified'],
    ['that wants the PIN at each signature', 'object=careful'],
  ])('signs: %s', async (_title, key) => {
    await expectSigned(`${TOKEN};${key}`);
  });

  it('is found by the slot, as `cosign pkcs11-tool` prints it', async () => {
    const missing = await refusal('pkcs11:slot-id=1;id=%01');
    expect(missing.code).toBe('KEY_NOT_FOUND');
    const slot = missing.message.split(`${LABEL} (slot-id `)[1]?.split(')')[0];
    await expectSigned(
      `${TOKEN};slot-id=${slot};id=%01;object=ec?module-path=${softhsmModule()}&pin-value=${PIN}`,
      hostOf({ COSIGN_PKCS11_MODULE_PATH: undefined, COSIGN_PKCS11_PIN: undefined }),
    );
  });

  it('takes the PIN of a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pin-'));
    try {
      await writeFile(join(folder, 'pin'), `${PIN}\n`);
      const ref = `${TOKEN};id=%01?pin-source=file:${folder}/pin`;
      await expectSigned(ref, hostOf({ COSIGN_PKCS11_PIN: undefined }));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('returns its public key to verifiers', async () => {
    const ref = `${TOKEN};object=ec`;
    const { publicKey } = await loadKeySigner({ ref }, hostOf());
    expect((await loadPublicKey(ref, hostOf())).keyId).toBe(publicKey.keyId);
  });
});

describe('what a token refuses', () => {
  it.each([
    ['no such key', 'object=absent', 'KEY_NOT_FOUND', 'no such private key'],
    [
      'an id with the label of another',
      'id=%01;object=rsa',
      'KEY_NOT_FOUND',
      'no such private key',
    ],
    ['two of a label', 'object=twice', 'KEY_REFERENCE_INVALID', 'several such private keys'],
    ['a curve that not every verifier takes', 'object=p384', 'KEY_UNSUPPORTED', 'P-256'],
    ['no public half', 'object=lonely', 'KEY_NOT_FOUND', 'does not contain the public key'],
  ])('%s', async (_title, key, code, words) => {
    const error = await refusal(`${TOKEN};${key}`);
    expect(error).toMatchObject({ code, property: 'key.ref' });
    expect(error.message).toContain(words);
    expect(error.message).toContain(key.split(';')[0] ?? '');
    expect(error.message).not.toContain(PIN);
  });

  it('a certificate that is to be ignored', async () => {
    const host = hostOf({ COSIGN_PKCS11_IGNORE_CERTIFICATE: '1' });
    const error = await refusal(`${TOKEN};object=certified`, host);
    expect(error.message).toContain('does not contain the public key');
  });

  it('a key that may not sign', async () => {
    const ref = `${TOKEN};object=mute`;
    const signer = await loadKeySigner({ ref }, hostOf());
    const error = await failureOf(signer.sign(data));
    expect(error.code).toBe('KEY_UNSUPPORTED');
    expect(error.message).toContain('may not sign');
  });

  it('a wrong PIN, which is sent to it once', async () => {
    const ref = `${TOKEN};object=ec`;
    const host = hostOf({ COSIGN_PKCS11_PIN: WRONG });
    for (let image = 0; image < 3; image += 1) {
      const error = await refusal(ref, host);
      expect(error.code).toBe('KEY_PASSWORD_WRONG');
      expect(error.message).toContain('COSIGN_PKCS11_PIN');
      expect(error.message + String(error.cause)).not.toContain(WRONG);
    }
    await expectSigned(ref);
  });

  it('no PIN', async () => {
    const host = hostOf({ COSIGN_PKCS11_PIN: undefined });
    const error = await refusal(`${TOKEN};object=ec`, host);
    expect(error.code).toBe('KEY_PASSWORD_WRONG');
    expect(error.message).toContain('set COSIGN_PKCS11_PIN');
  });
});

describe('a module', () => {
  it.each([
    ['that is not there', '/nonexistent/module.so', 'does not exist'],
    ['that is a folder', tmpdir(), 'is not a file'],
    ['that is no library', __filename, 'cannot be loaded'],
  ])('%s', async (_title, path, words) => {
    const host = hostOf({ COSIGN_PKCS11_MODULE_PATH: path });
    const error = await refusal('pkcs11:token=a;object=b', host);
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain(path);
    expect(error.message).toContain(words);
  });
});

describe('when tokens come and go', () => {
  const label = labelOf('Moving');
  const ref = `pkcs11:token=${encodeURIComponent(label)};object=ec`;
  const fresh = () => tokenWith(label, [{ type: 'p256', id: 1, label: 'ec' }]);

  let serial: string;
  beforeEach(async () => {
    serial = await fresh();
  });
  afterEach(async () => {
    for (const each of serials.slice(1)) await removeToken(each);
  });

  it('a missing one is distinguished from two with the same name', async () => {
    expect((await refusal(ref.replace('Moving', 'Other'))).code).toBe('KEY_NOT_FOUND');
    await fresh();
    const error = await refusal(ref);
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(error.message).toContain('add slot-id or serial');
  });

  it('one that was pulled out signs no more', async () => {
    const signer = await loadKeySigner({ ref }, hostOf());
    await removeToken(serial);
    const error = await failureOf(signer.sign(data));
    expect(error.code).toBe('KEY_NOT_FOUND');
    expect(error.message).toContain('the token was');
  });

  it('a different key with the same name is an error', async () => {
    const signer = await loadKeySigner({ ref }, hostOf());
    await removeToken(serial);
    await fresh();
    expect((await failureOf(signer.sign(data))).code).toBe('KEY_SIGNING_FAILED');
  });
});
