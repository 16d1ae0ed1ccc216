import { bundleFromJSON } from '@sigstore/bundle';

import { encodeStatement, signatureStatement } from '../../src/attest';
import { digestOf, formatRepository, type Repository } from '../../src/oci';
import { encodeSimpleSigning, parseSimpleSigning } from '../../src/storage';
import { readClaim } from '../../src/verify/claim';

const digest = digestOf(Buffer.from('image'));
const repository: Repository = { registry: 'registry.example.com', path: 'team/app' };

function candidate(content: object, payload?: Buffer) {
  const bundle = bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: '' }, tlogEntries: [] },
    ...content,
  });
  return { format: 'bundle' as const, stored: digest, bundle, ...(payload && { payload }) };
}

function envelope(payload: Buffer, payloadType = 'application/vnd.in-toto+json') {
  const signatures = [{ sig: 'AAAA', keyid: '' }];
  return { dsseEnvelope: { payload: payload.toString('base64'), payloadType, signatures } };
}

const message = {
  messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest: 'AAAA' }, signature: 'AAAA' },
};

const malformed = expect.objectContaining({ code: 'CONTENT_MALFORMED' });

test('a signature of bytes is not a claim about an image', () => {
  expect(() => readClaim(candidate(message), digest)).toThrow(malformed);
});

test('an envelope of another type is ignored', () => {
  const statement = encodeStatement(signatureStatement(repository, digest, {}));
  expect(() => readClaim(candidate(envelope(statement, 'text/plain')), digest)).toThrow(malformed);
});

test('an attestation of another kind is neither signature nor provenance', () => {
  const statement = {
    ...signatureStatement(repository, digest, {}),
    predicateType: 'https://spdx.dev/Document',
  };
  expect(readClaim(candidate(envelope(encodeStatement(statement))), digest)).toMatchObject({
    purpose: 'attestation',
    predicateType: 'https://spdx.dev/Document',
    matches: true,
  });
});

describe('a simple signing payload', () => {
  const text = encodeSimpleSigning(formatRepository(repository), digest, { a: 'b' }).toString(
    'utf8',
  );

  test('is about its digest only', () => {
    const about = (other: typeof digest) => readClaim(candidate(message, Buffer.from(text)), other);
    expect(about(digest)).toMatchObject({ matchingSubjects: [{ a: 'b' }] });
    expect(about(digestOf(Buffer.from('other')))).toMatchObject({ matchingSubjects: [] });
  });

  test("must be of cosign's type", () => {
    const atomic = Buffer.from(text.replace('cosign container', 'atomic container'));
    expect(() => readClaim(candidate(message, atomic), digest)).toThrow(malformed);
  });

  test('may leave out what is optional', () => {
    const image = { 'docker-manifest-digest': digest };
    const bare = { critical: { image, type: 'cosign container image signature' } };
    expect(parseSimpleSigning(Buffer.from(JSON.stringify(bare)))).toMatchObject({
      reference: undefined,
      annotations: {},
    });
  });

  test.each([
    ['no critical part', {}],
    ['no digest', { critical: { type: 'x' } }],
    ['a digest that is none', { critical: { image: { 'docker-manifest-digest': 'x' } } }],
    ['no type', { critical: { image: { 'docker-manifest-digest': digest } } }],
    [
      'annotations that are not an object',
      { critical: { image: { 'docker-manifest-digest': digest }, type: 'x' }, optional: [] },
    ],
  ])('with %s is refused', (_, payload) => {
    expect(() => parseSimpleSigning(Buffer.from(JSON.stringify(payload)))).toThrow(malformed);
  });
});
