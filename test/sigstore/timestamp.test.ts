import { createHash, createPublicKey } from 'node:crypto';

import { X509Certificate } from '@sigstore/core';
import { type SignatureBundle } from '@sigstore/sign';
import { HashAlgorithm } from '@sigstore/protobuf-specs';

import { createWitnesses } from '../../src/sign';
import { EnvelopeTimestamp, Timestamp } from '../../src/storage';
import { type Lab, openLab } from '../verify/support/lab';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

async function stamp(signature: Buffer): Promise<Buffer> {
  const [authority] = createWitnesses({ authorities: [{ url: lab.sigstore.tsaUrl }] });
  const digest = createHash('sha256').update(signature).digest();
  const content: SignatureBundle = {
    $case: 'messageSignature',
    messageSignature: {
      messageDigest: { algorithm: HashAlgorithm.SHA2_256, digest },
      signature,
    },
  };
  const material = await authority?.testify(content, '');
  return Buffer.from(material?.rfc3161Timestamps?.[0]?.signedTimestamp ?? []);
}

function authorityKey() {
  const leaf = lab.trustedRoot.timestampAuthorities[0]?.certChain?.certificates[0]?.rawBytes;
  const { publicKey } = X509Certificate.parse(Buffer.from(leaf ?? []));
  return createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
}

/** The same response with another time in it, of the same length or longer. Its signature breaks. */
function withTime(der: Buffer, time: string): Timestamp {
  const timestamp = Timestamp.parse(der);
  const field = timestamp.tstInfo.root.subs[4];
  if (!field) throw new Error('no time');
  Object.defineProperty(timestamp, 'tstInfo', {
    value: { root: { subs: { 4: { value: Buffer.from(time) } } } },
  });
  return timestamp;
}

test('reads times with any number of fraction digits, as DER writes them', async () => {
  const der = await stamp(Buffer.from('signature'));
  const read = (time: string) => withTime(der, time).signingTime.toISOString();
  expect(read('20260102030405Z')).toBe('2026-01-02T03:04:05.000Z');
  expect(read('20260102030405.5Z')).toBe('2026-01-02T03:04:05.500Z');
  expect(read('20260102030405.12Z')).toBe('2026-01-02T03:04:05.120Z');
  expect(read('20260102030405.123Z')).toBe('2026-01-02T03:04:05.123Z');
  expect(read('20260102030405.123456Z')).toBe('2026-01-02T03:04:05.123Z');
  expect(() => read('20260102030405+0100')).toThrow('malformed');
});

test('is of the signature, or of the envelope around it', async () => {
  const der = await stamp(Buffer.from('envelope'));
  const key = authorityKey();
  const verify = (timestamp: Timestamp, text: string) => timestamp.verify(Buffer.from(text), key);
  expect(() => verify(Timestamp.parse(der), 'envelope')).not.toThrow();
  expect(() => verify(Timestamp.parse(der), 'signature')).toThrow();
  const ofEnvelope = (text: string) => new EnvelopeTimestamp(der, Buffer.from(text));
  expect(() => verify(ofEnvelope('envelope'), 'signature')).not.toThrow();
  expect(() => verify(ofEnvelope('other'), 'envelope')).not.toThrow();
  expect(() => verify(ofEnvelope('other'), 'signature')).toThrow();
});
