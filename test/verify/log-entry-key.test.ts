import { verify } from 'node:crypto';

import { dsse } from '@sigstore/core';
import { type SignatureBundle, type Witness } from '@sigstore/sign';

import { signImage } from '../../src/sign';
import { verifyImage } from '../../src/verify';
import { loggedVerifier } from '../../src/verify/log-entry-key';
import {
  codeOf,
  freshRepository,
  type Lab,
  newKey,
  openLab,
  policy,
  pushImage,
} from './support/lab';
import { keysOfSignature } from './support/second-key';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

function keysOf(content: SignatureBundle) {
  if (content.$case !== 'dsseEnvelope') throw new Error('an envelope was expected');
  const { payload, payloadType, signatures } = content.dsseEnvelope;
  const message = dsse.preAuthEncoding(payloadType, payload);
  const signature = signatures[0]?.sig ?? Buffer.alloc(0);
  const keys = keysOfSignature(message, signature);
  for (const key of keys) expect(verify('sha256', message, key, signature)).toBe(true);
  return keys.map((key) => key.export({ format: 'pem', type: 'spki' }).toString());
}

/** Logs each signature under the other key that it verifies with. */
function underTheOtherKey(witness: Witness): Witness {
  return {
    testify: (content, publicKey) => {
      const other = keysOf(content).find((pem) => pem.trim() !== publicKey.trim());
      if (other === undefined) throw new Error('no other key was found');
      return witness.testify(content, other);
    },
  };
}

test('a signature that is logged under another key, which verifies it too, is refused', async () => {
  const repository = freshRepository(lab);
  const image = await pushImage(lab, repository);
  const { material, publicKey } = newKey(lab, { log: true });
  const witnesses = material.witnesses.map(underTheOtherKey);
  const targets = [{ manifest: image, annotations: {}, provenance: undefined }];
  const request = { repository, targets, format: 'bundle' as const };
  await signImage({ ...request, material: { ...material, witnesses } }, lab.client);
  const required = policy({
    keys: [publicKey],
    transparency: 'log',
    trustedRoot: lab.trustedRoot,
  });
  await expect(verifyImage(repository, image.digest, required, lab.client)).rejects.toMatchObject({
    code: 'VERIFY_SIGNATURE_INVALID',
    message: expect.stringContaining('its log entry contains another signer'),
  });

  await signImage({ ...request, material }, lab.client);
  expect(await codeOf(verifyImage(repository, image.digest, required, lab.client))).toBe(
    'none: it was accepted',
  );
});

describe('the signer in a log entry', () => {
  const spki = Buffer.from('a key');
  const entryOf = (kind: string, version: string, body: object) =>
    loggedVerifier({
      logIndex: '1',
      logId: { keyId: Buffer.alloc(32) },
      kindVersion: { kind, version },
      integratedTime: '0',
      inclusionPromise: undefined,
      inclusionProof: undefined,
      canonicalizedBody: Buffer.from(JSON.stringify(body)),
    });
  const rawBytes = spki.toString('base64');

  test.each([
    ['a key', { publicKey: { rawBytes } }],
    ['a certificate', { x509Certificate: { rawBytes } }],
  ])('is read from entries of Rekor v2 with %s', (_, verifier) => {
    const hashed = { spec: { hashedRekordV002: { signature: { verifier } } } };
    expect(entryOf('hashedrekord', '0.0.2', hashed)).toEqual(spki);
    const dsse002 = { spec: { dsseV002: { signatures: [{ verifier }] } } };
    expect(entryOf('dsse', '0.0.2', dsse002)).toEqual(spki);
  });

  test('is undefined if the entry is of another type, or malformed', () => {
    expect(entryOf('rpm', '0.0.1', { spec: {} })).toBeUndefined();
    expect(entryOf('dsse', '0.0.1', { spec: { signatures: 'none' } })).toBeUndefined();
    const noPem = { spec: { signatures: [{ verifier: rawBytes }] } };
    expect(entryOf('dsse', '0.0.1', noPem)).toBeUndefined();
  });
});
