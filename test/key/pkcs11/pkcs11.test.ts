import { verify } from 'node:crypto';

import { processHost } from '../../../src/host/host';
import { type KeyHost, loadKeySigner } from '../../../src/key';
import { failureOf } from '../../sign/support/failure';
import { resetToken, token } from './support/cryptoki-double';

// The real package and SoftHSM: test/keys/pkcs11.test.ts. Here: what SoftHSM never does.
jest.mock('pkcs11js', () => jest.requireActual('./support/cryptoki-double'), { virtual: true });

const REF = 'pkcs11:token=Release;id=%01';
const data = Buffer.from('what is signed');

const hostOf = (env: NodeJS.ProcessEnv = {}): KeyHost => ({
  ...processHost(),
  env: { COSIGN_PKCS11_MODULE_PATH: __filename, COSIGN_PKCS11_PIN: token.pin, ...env },
});

const refusal = (ref = REF, host = hostOf()) => failureOf(loadKeySigner({ ref }, host));

beforeEach(resetToken);
afterEach(() => expect(token.openSessions).toBe(0));

describe('a key in a token', () => {
  it.each([
    ['by token', 'pkcs11:token=Release;id=%01'],
    ['by slot', 'pkcs11:slot-id=7;id=%01'],
    ['by all attributes', 'pkcs11:token=Release;serial=42;model=M1;manufacturer=Maker;id=%01'],
  ])('signs, found %s', async (_title, ref) => {
    const signer = await loadKeySigner({ ref }, hostOf());
    const { signature } = await signer.sign(data);
    expect(verify('sha256', data, signer.publicKey.pem, signature)).toBe(true);
  });

  it('may return its point without the enclosing octet string', async () => {
    const { publicKey } = await loadKeySigner({ ref: REF }, hostOf());
    token.bare = true;
    expect((await loadKeySigner({ ref: REF }, hostOf())).publicKey.keyId).toBe(publicKey.keyId);
  });

  it('of a token that wants no PIN is used without one', async () => {
    token.flags = 0x400;
    await loadKeySigner({ ref: REF }, hostOf({ COSIGN_PKCS11_PIN: undefined }));
    expect(token.logins).toEqual([]);
  });

  it('is used by one at a time, with a login each', async () => {
    const signer = await loadKeySigner({ ref: REF }, hostOf());
    await Promise.all([signer.sign(data), signer.sign(data), signer.sign(data)]);
    expect(token.logins).toHaveLength(4);
  });

  it.each(['C_Initialize', 'C_Login'])(
    'is used beside others in this process (%s)',
    async (call) => {
      const value = call === 'C_Login' ? 0x100 : 0x191;
      token.failing.set(call, ['CKR_ALREADY', value]);
      await loadKeySigner({ ref: REF }, hostOf());
    },
  );
});

describe('the PIN', () => {
  it('that was rejected is never tried again, also not for another image', async () => {
    const host = () => hostOf({ COSIGN_PKCS11_PIN: 'canary-wrong-one' });
    const first = await refusal(REF, host());
    const second = await refusal('pkcs11:slot-id=7;id=%01', host());
    expect([first.code, second.code]).toEqual(['KEY_PASSWORD_WRONG', 'KEY_PASSWORD_WRONG']);
    expect(token.logins).toHaveLength(1);
    await loadKeySigner({ ref: REF }, hostOf());
  });

  it('is not tried on a locked token', async () => {
    token.flags |= 0x40000;
    const error = await refusal();
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('locked');
    expect(token.logins).toEqual([]);
  });

  it('of a file that is not there', async () => {
    const error = await refusal(`${REF}?pin-source=/nonexistent/pin`);
    expect(error.code).toBe('KEY_UNREADABLE');
    expect(error.message).toContain('/nonexistent/pin');
  });

  it('of the URI is in no description', async () => {
    token.present = false;
    const error = await refusal(`${REF}?pin-value=canary-pin-in-uri`);
    expect(error.message).toContain('pkcs11:token=Release;id=%01');
    expect(error.message).not.toContain('canary');
  });
});

describe('a failure', () => {
  it.each([
    ['C_Login', 'CKR_PIN_LOCKED', 0xa4, 'KEY_FORBIDDEN', 'locked'],
    ['C_Login', 'CKR_PIN_EXPIRED', 0xa3, 'KEY_FORBIDDEN', 'expired'],
    ['C_Login', 'CKR_PIN_LEN_RANGE', 0xa2, 'KEY_PASSWORD_WRONG', 'too short'],
    ['C_Initialize', 'CKR_GENERAL_ERROR', 5, 'KEY_SERVICE_FAILED', 'CKR_GENERAL_ERROR'],
    ['C_GetSlotList', 'odd', 0x80000001, 'KEY_SERVICE_FAILED', '0x80000001'],
    ['C_GetTokenInfo', 'CKR_DEVICE_REMOVED', 0x32, 'KEY_NOT_FOUND', 'reports no tokens'],
    ['C_Finalize', 'CKR_DEVICE_ERROR', 0x30, 'KEY_SERVICE_FAILED', 'CKR_DEVICE_ERROR'],
  ] as const)('of %s: %s (%i) is %s', async (call, name, value, code, words) => {
    token.failing.set(call, [name, value]);
    const error = await refusal();
    expect(error).toMatchObject({ code, property: 'key.ref' });
    expect(error.message).toContain(words);
  });

  it.each([
    ['C_SignInit', 'CKR_MECHANISM_INVALID', 0x70, 'KEY_UNSUPPORTED'],
    ['C_SignAsync', 'CKR_DEVICE_REMOVED', 0x32, 'KEY_NOT_FOUND'],
    ['C_SignAsync', 'CKR_TOKEN_NOT_PRESENT', 0xe0, 'KEY_NOT_FOUND'],
  ] as const)('of %s while it signs: %s (%i) is %s', async (call, name, value, code) => {
    const signer = await loadKeySigner({ ref: REF }, hostOf());
    token.failing.set(call, [name, value]);
    token.failing.set('C_CloseSession', ['CKR_SESSION_HANDLE_INVALID', 0xb3]);
    expect((await failureOf(signer.sign(data))).code).toBe(code);
  });

  it('of a malformed signature', async () => {
    const signer = await loadKeySigner({ ref: REF }, hostOf());
    token.signatureLength = 63;
    const error = await failureOf(signer.sign(data));
    expect(error.code).toBe('KEY_SIGNING_FAILED');
    expect(error.message).toContain('63 bytes');
  });

  it.each([undefined, '', 'relative.so'])('of no module (%j)', async (path) => {
    const error = await refusal(REF, hostOf({ COSIGN_PKCS11_MODULE_PATH: path }));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(error.message).toContain('module-path');
  });

  it('of a module that cannot be loaded', async () => {
    token.failing.set('load', ['invalid ELF header', 0]);
    const ref = `${REF}?module-path=${process.execPath}`;
    expect((await refusal(ref)).message).toContain('cannot be loaded');
  });
});
