import { generateKeyPairSync } from 'node:crypto';

import { publicKeyFromDer, publicKeyFromPem } from '../../src/key/public-key';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const privatePem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const unreadable = expect.objectContaining({
  code: 'KEY_UNREADABLE',
  message: expect.stringMatching(/^it is not a public key \(-----BEGIN PUBLIC KEY-----\)/),
});

describe('a text that is not a public key is an error with a code, without the words of OpenSSL', () => {
  test.each([
    ['another text', 'not a key'],
    ['an empty text', ''],
    ['a damaged block', pem.replace(/\n[^\n]+\n/, '\nAAAA\n')],
    ['a block that is cut off', pem.slice(0, 60)],
    ['a private key', privatePem],
  ])('%s', (_, text) => {
    expect(() => publicKeyFromPem(text)).toThrow(unreadable);
  });

  test('bytes', () => {
    expect(() => publicKeyFromDer(Buffer.from('3000', 'hex'), 'spki')).toThrow(unreadable);
  });
});

test('the error names the input that the key comes from', () => {
  expect(() => publicKeyFromPem('not a key', 'signer.publicKey')).toThrow(
    expect.objectContaining({ code: 'KEY_UNREADABLE', property: 'signer.publicKey' }),
  );
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  const other = p384.export({ format: 'pem', type: 'spki' }).toString();
  expect(() => publicKeyFromPem(other, 'signer.publicKey')).toThrow(
    expect.objectContaining({ code: 'KEY_UNSUPPORTED', property: 'signer.publicKey' }),
  );
});
