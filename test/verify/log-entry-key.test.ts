import { verify } from 'node:crypto';

import { dsse } from '@sigstore/core';
import { type SignatureBundle, type Witness } from '@sigstore/sign';

import { signImage } from '../../src/sign';
import { verifyImage } from '../../src/verify';
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
      if (other === undefined) throw new Error('there is no other key');
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
  const asked = policy({
    keys: [publicKey],
    transparency: 'log',
    trustedRoot: lab.trustedRoot,
  });
  await expect(verifyImage(repository, image.digest, asked, lab.client)).rejects.toMatchObject({
    code: 'VERIFY_SIGNATURE_INVALID',
    message: expect.stringContaining('its log entry names another signer'),
  });

  await signImage({ ...request, material }, lab.client);
  expect(await codeOf(verifyImage(repository, image.digest, asked, lab.client))).toBe(
    'none: it was accepted',
  );
});
