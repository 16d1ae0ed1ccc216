import { createPublicKey, generateKeyPairSync } from 'node:crypto';

import { normalizePem, pemFault } from '../../src/host/pem-text';
import { parsePrivateKeyPem } from '../../src/key/private-key-pem';
import { publicKeyFromPem } from '../../src/key/public-key';

const pair = generateKeyPairSync('ec', {
  namedCurve: 'prime256v1',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const oneLine = (pem: string): string => pem.trim().replaceAll('\n', ' ');

test.each<[string, (pem: string) => string]>([
  ['as it is', (pem) => pem],
  ['with literal \\n', (pem) => pem.replaceAll('\n', '\\n')],
  ['with literal \\r\\n', (pem) => pem.replaceAll('\n', '\\r\\n')],
  ['with the line ends of Windows', (pem) => pem.replaceAll('\n', '\r\n')],
  ['on one line', oneLine],
  ['on one line without spaces in it', (pem) => oneLine(pem).replace(/----- | -----/g, '-----')],
  ['in quotes', (pem) => JSON.stringify(pem)],
  ['in base64 on one line', (pem) => Buffer.from(pem).toString('base64')],
  [
    'in base64 on several lines',
    (pem) =>
      (
        Buffer.from(pem)
          .toString('base64')
          .match(/.{1,76}/g) ?? []
      ).join('\n'),
  ],
])('PEM %s is read', (_, form) => {
  expect(publicKeyFromPem(form(pair.publicKey)).pem).toBe(pair.publicKey);
  expect(parsePrivateKeyPem(form(pair.privateKey))).toMatchObject({ kind: 'plain' });
  expect(createPublicKey(normalizePem(form(pair.publicKey))).type).toBe('public');
});

test.each([
  [
    'base64 without its lines',
    pair.privateKey.split('\n').slice(1, -2).join(''),
    /without the lines/,
  ],
  ['its first line only', '-----BEGIN PRIVATE KEY-----', /ends before/],
])('%s is reported as such, and not quoted', (_, text, message) => {
  expect(pemFault(text)).toMatch(message);
  expect(() => parsePrivateKeyPem(text)).toThrow(message);
  expect(pemFault(text)).not.toContain(text.slice(10, 40));
});

test('other text is not changed', () => {
  for (const text of ['', 'path/to/cosign.key', '-----BEGIN', 'LS0tLS1!'])
    expect(normalizePem(text)).toBe(text);
});
