import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type BundleWithDsseEnvelope, bundleFromJSON, bundleToJSON } from '@sigstore/bundle';
import { MessageSignatureBundleBuilder } from '@sigstore/sign';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { SignedImageError } from '../../src/error';
import { createKeySigner } from '../../src/key';
import {
  createDsseBundleBuilder,
  createKeylessSigner,
  createWitnesses,
  parseTrustedRoot,
} from '../../src/sigstore';
import { failureOf } from '../sign/support/failure';
import { everythingIn } from '../sign/support/host';

const ARTIFACT = { data: Buffer.from('{"_type":"x"}'), type: 'application/vnd.in-toto+json' };
/** Faults are answered at once; nothing is gained by waiting for them to pass. */
const call = { pauseMs: 1, retries: 2 };
const SUBJECT = 'https://ci.example/job';

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());
beforeEach(() => {
  for (const name of ['fulcio', 'rekor', 'tsa'] as const) delete sigstore.settings.faults[name];
});

const token = () => sigstore.issuer.token({ subject: SUBJECT });
const keyless = (raw: string = token()) =>
  createKeylessSigner({
    fulcioUrl: `${sigstore.fulcioUrl}/`,
    identityProvider: { getToken: () => Promise.resolve(raw) },
    call,
  });
const ecKey = () => createKeySigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const rekor = () => createWitnesses({ logs: [{ url: `${sigstore.rekorUrl}/`, version: 1 }], call });
const tsa = () => createWitnesses({ authorities: [{ url: sigstore.tsaUrl }], call });
const posts = (service: string) =>
  sigstore.requests.filter((request) => request.service === service && request.method === 'POST')
    .length;

/** `@sigstore/verify`'s verdict with every check on that the bundle can pass. */
function verifyBundle(bundle: BundleWithDsseEnvelope, publicKey?: string) {
  const keys =
    publicKey === undefined
      ? undefined
      : () => ({ publicKey: createPublicKey(publicKey), validFor: () => true });
  const trust = toTrustMaterial(
    parseTrustedRoot(JSON.stringify(sigstore.trustedRoot)),
    keys as never,
  );
  const stored = bundleFromJSON(bundleToJSON(bundle));
  return new Verifier(trust, { ctlogThreshold: publicKey === undefined ? 1 : 0 }).verify(
    toSignedEntity(stored),
  );
}

describe('a bundle', () => {
  it('of a keyless signer verifies, and its certificate has the identity of the signer', async () => {
    const signer = keyless();
    expect(signer.certificate).toBeUndefined();
    expect(signer.certificateIdentity).toBeUndefined();
    const witnesses = createWitnesses({
      logs: [{ url: sigstore.rekorUrl, version: 1 }],
      authorities: [{ url: sigstore.tsaUrl }],
      call,
    });
    const bundle = await createDsseBundleBuilder({ signer, witnesses }).create(ARTIFACT);

    expect(bundle.mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
    expect(bundle.verificationMaterial.tlogEntries).toHaveLength(1);
    expect(bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps).toHaveLength(
      1,
    );
    const { identity } = verifyBundle(bundle);
    expect(identity).toMatchObject({
      subjectAlternativeName: SUBJECT,
      extensions: { issuer: sigstore.issuer.url },
    });
    expect(signer.certificateIdentity).toEqual({ identity: SUBJECT, issuer: sigstore.issuer.url });
    expect(signer.certificate).toContain('BEGIN CERTIFICATE');
  });

  it("of a key has the key's hint and no keyid, in the log too", async () => {
    const signer = ecKey();
    const bundle = await createDsseBundleBuilder({ signer, witnesses: rekor() }).create(ARTIFACT);
    const material = bundle.verificationMaterial.content;
    expect(material).toEqual({
      $case: 'publicKey',
      publicKey: { hint: Buffer.from(signer.publicKey.keyId, 'hex').toString('base64') },
    });
    expect(bundle.content.dsseEnvelope.signatures).toEqual([
      { keyid: '', sig: expect.any(Buffer) as Buffer },
    ]);
    expect(() => verifyBundle(bundle, signer.publicKey.pem)).not.toThrow();
  });

  it('over a plain signature is logged and timestamped too (the legacy format)', async () => {
    const witnesses = createWitnesses({
      logs: [{ url: sigstore.rekorUrl, version: 1 }],
      authorities: [{ url: sigstore.tsaUrl }],
      call,
    });
    const bundle = await new MessageSignatureBundleBuilder({ signer: ecKey(), witnesses }).create(
      ARTIFACT,
    );
    expect(bundle.verificationMaterial.tlogEntries[0]?.kindVersion).toEqual({
      kind: 'hashedrekord',
      version: '0.0.1',
    });
    expect(bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps).toHaveLength(
      1,
    );
  });
});

describe('the transparency log', () => {
  it('that has the entry already hands it out', async () => {
    const signer = createKeySigner(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
    const builder = createDsseBundleBuilder({ signer, witnesses: rekor() });
    const first = await builder.create(ARTIFACT);
    const second = await builder.create(ARTIFACT);
    // The proof is a new one: the tree has a new signature on its head.
    const [logged, found] = [first, second].map(
      (bundle) => bundle.verificationMaterial.tlogEntries[0],
    );
    expect(found?.logIndex).toBe(logged?.logIndex);
    expect(found?.canonicalizedBody).toEqual(logged?.canonicalizedBody);
    expect(() => verifyBundle(second, signer.publicKey.pem)).not.toThrow();
  });

  it('that was cut off after it had written is read again', async () => {
    let calls = 0;
    sigstore.settings.faults.rekor = () => ((calls += 1) === 1 ? { kind: 'lose' } : undefined);
    const signer = ecKey();
    const bundle = await createDsseBundleBuilder({ signer, witnesses: rekor() }).create(ARTIFACT);
    expect(() => verifyBundle(bundle, signer.publicKey.pem)).not.toThrow();
  });

  it('that stays busy is reported, with its message', async () => {
    const before = posts('rekor');
    const body = JSON.stringify({ message: 'come back later' });
    sigstore.settings.faults.rekor = () => ({
      kind: 'answer',
      answer: { status: 503, headers: { 'content-type': 'application/json' }, body },
    });
    const error = await failureOf(
      createDsseBundleBuilder({ signer: ecKey(), witnesses: rekor() }).create(ARTIFACT),
    );
    expect(error).toMatchObject({ code: 'REKOR_FAILED', property: 'sigstore.rekorUrl' });
    expect(error.message).toContain(sigstore.rekorUrl);
    expect(error.message).toContain('(503) come back later');
    expect(posts('rekor') - before).toBe(3);
  });

  it('that does not answer is given up after a time', async () => {
    sigstore.settings.faults.rekor = () => ({ kind: 'delay', milliseconds: 300 });
    const witnesses = createWitnesses({
      logs: [{ url: sigstore.rekorUrl, version: 1 }],
      call: { timeoutMs: 20, retries: 0 },
    });
    const error = await failureOf(
      createDsseBundleBuilder({ signer: ecKey(), witnesses }).create(ARTIFACT),
    );
    expect(error.code).toBe('REKOR_FAILED');
    expect(error.message).toContain('timeout');
  });

  it('that refuses is not retried', async () => {
    const before = posts('rekor');
    sigstore.settings.faults.rekor = () => ({ kind: 'answer', answer: { status: 400 } });
    await failureOf(
      createDsseBundleBuilder({ signer: ecKey(), witnesses: rekor() }).create(ARTIFACT),
    );
    expect(posts('rekor') - before).toBe(1);
  });

  it("that returns another signer's entry is rejected", async () => {
    const signer = ecKey();
    const other = Buffer.from('{"_type":"other"}');
    await createDsseBundleBuilder({ signer, witnesses: rekor() }).create({
      ...ARTIFACT,
      data: other,
    });
    const stored = sigstore.log.entries.at(-1);
    const location = `/api/v1/log/entries/${stored?.uuid}`;
    sigstore.settings.faults.rekor = ({ method }) =>
      method === 'POST'
        ? { kind: 'answer', answer: { status: 409, headers: { location } } }
        : undefined;
    const error = await failureOf(
      createDsseBundleBuilder({ signer, witnesses: rekor() }).create(ARTIFACT),
    );
    expect(error.code).toBe('REKOR_FAILED');
    expect(error.message).toContain('an entry that is not for this signature');
    const plain = new MessageSignatureBundleBuilder({ signer, witnesses: rekor() }).create(
      ARTIFACT,
    );
    expect((await failureOf(plain)).message).toContain('not for this signature');
  });

  it('that responds with HTML is reported', async () => {
    sigstore.settings.faults.rekor = () => ({
      kind: 'answer',
      answer: { status: 201, body: '<html>' },
    });
    const error = await failureOf(
      createDsseBundleBuilder({ signer: ecKey(), witnesses: rekor() }).create(ARTIFACT),
    );
    expect(error.code).toBe('REKOR_FAILED');
  });
});

describe('the timestamp authority', () => {
  it.each([
    ['returns 500', { status: 500 }, '(500)'],
    ['answers with HTML', { status: 201, body: '<html>' }, 'did not return an RFC 3161 timestamp'],
    // PKIStatusInfo of a TimeStampResp: rejection (2), no token.
    ['refuses', { status: 201, body: Buffer.from('30053003020102', 'hex') }, 'PKI status 2'],
  ])('that %s fails the signature', async (_, answer, text) => {
    sigstore.settings.faults.tsa = () => ({ kind: 'answer', answer });
    const error = await failureOf(
      createDsseBundleBuilder({ signer: ecKey(), witnesses: tsa() }).create(ARTIFACT),
    );
    expect(error).toMatchObject({ code: 'TSA_FAILED', property: 'sigstore.tsaUrl' });
    expect(error.message).toContain(text);
  });

  it("that returns another signature's timestamp is rejected", async () => {
    const other = await createDsseBundleBuilder({ signer: ecKey(), witnesses: tsa() }).create(
      ARTIFACT,
    );
    const [stamp] = other.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
    const body = Buffer.from(stamp?.signedTimestamp ?? []);
    sigstore.settings.faults.tsa = () => ({ kind: 'answer', answer: { status: 201, body } });
    const error = await failureOf(
      createDsseBundleBuilder({ signer: ecKey(), witnesses: tsa() }).create(ARTIFACT),
    );
    expect(error.message).toContain('not for this signature');
  });
});

describe('the certificate authority', () => {
  const sign = (raw: string) => keyless(raw).sign(Buffer.from('data'));

  it('that rejects a token is reported with its reason, without the token', async () => {
    const forged = sigstore.issuer.forgedToken({ subject: SUBJECT });
    const error = await failureOf(sign(forged));
    expect(error).toMatchObject({ code: 'FULCIO_FAILED', property: 'sigstore.fulcioUrl' });
    expect(error.message).toContain('(400) There was an error processing the identity token');
    expect(error.message).toContain('keyless.clientId');
    for (const part of forged.split('.')) expect(everythingIn(error)).not.toContain(part);
  });

  it('that repeats the token in its answer does not make it public', async () => {
    const raw = token();
    const body = JSON.stringify({ message: `cannot use ${raw} (${raw.split('.')[1]})` });
    sigstore.settings.faults.fulcio = () => ({
      kind: 'answer',
      answer: { status: 401, headers: { 'content-type': 'application/json' }, body },
    });
    const error = await failureOf(sign(raw));
    expect(error.message).toContain('cannot use [redacted]');
    for (const part of raw.split('.')) expect(everythingIn(error)).not.toContain(part);
  });

  it.each([
    ['unreadable', 'first-part.second-part.third-part'],
    ['one without a verified e-mail address', ''],
  ])('is not used with a token that is %s, which is not shown', async (_, raw) => {
    const given =
      raw || sigstore.issuer.token({ email: 'who@b.example', claims: { email_verified: false } });
    const before = posts('fulcio');
    const error = await failureOf(sign(given));
    expect(error).toMatchObject({ code: 'IDENTITY_TOKEN_INVALID', property: 'keyless' });
    expect(posts('fulcio')).toBe(before);
    for (const part of given.split('.')) expect(everythingIn(error)).not.toContain(part);
  });

  it.each([
    [new Error('the provider broke'), 'IDENTITY_UNAVAILABLE', 'the provider broke'],
    [
      new SignedImageError({ code: 'IDENTITY_TOKEN_INVALID', message: 'has expired' }),
      'IDENTITY_TOKEN_INVALID',
      'has expired',
    ],
  ])('is not used without an identity (%s)', async (failure, code, text) => {
    const signer = createKeylessSigner({
      fulcioUrl: sigstore.fulcioUrl,
      identityProvider: { getToken: () => Promise.reject(failure) },
      call,
    });
    const before = posts('fulcio');
    const error = await failureOf(signer.sign(Buffer.from('data')));
    expect(error.code).toBe(code);
    expect(error.message).toContain(text);
    expect(posts('fulcio')).toBe(before);
  });

  it.each([301, 302, 303, 307, 308])(
    'that redirects (%i) does not send the token on',
    async (status) => {
      // A separate server: the other services may still receive requests that an earlier test abandoned.
      const reached: unknown[] = [];
      const target = createServer(({ url }, answer) => {
        reached.push(url);
        answer.end();
      }).listen(0, '127.0.0.1');
      await once(target, 'listening');
      const { port } = target.address() as AddressInfo;
      const before = posts('fulcio');
      sigstore.settings.faults.fulcio = () => ({
        kind: 'answer',
        answer: { status, headers: { location: `http://127.0.0.1:${port}/` } },
      });
      const error = await failureOf(sign(token()));
      target.close();
      expect(error).toMatchObject({ code: 'FULCIO_FAILED' });
      expect(error.message).toContain('it redirects');
      expect(posts('fulcio') - before).toBe(1);
      expect(reached).toEqual([]);
    },
  );

  it('that returns Retry-After is retried', async () => {
    const before = posts('fulcio');
    let left = 1;
    sigstore.settings.faults.fulcio = () =>
      left-- > 0
        ? { kind: 'answer', answer: { status: 429, headers: { 'retry-after': '0' } } }
        : undefined;
    expect((await sign(token())).key.$case).toBe('x509Certificate');
    expect(posts('fulcio')).toBe(before + 2);
  });

  it('that cannot be reached is reported by its address', async () => {
    sigstore.settings.faults.fulcio = () => ({ kind: 'drop' });
    const error = await failureOf(sign(token()));
    expect(error).toMatchObject({ code: 'FULCIO_FAILED' });
    expect(error.message).toContain(sigstore.fulcioUrl);
    expect(error.message).not.toContain('keyless.clientId');
  });

  it.each([
    ['HTML', '<html>'],
    ['no certificate', '{"signedCertificateEmbeddedSct":{"chain":{"certificates":[]}}}'],
    ['nonsense', '{"signedCertificateEmbeddedSct":{"chain":{"certificates":["nonsense"]}}}'],
    ['an empty object', '{}'],
  ])('that answers with %s fails', async (_, body) => {
    sigstore.settings.faults.fulcio = () => ({ kind: 'answer', answer: { status: 200, body } });
    const raw = token();
    const error = await failureOf(sign(raw));
    expect(error.code).toBe('FULCIO_FAILED');
    expect(everythingIn(error)).not.toContain(raw);
  });

  it("that returns another key's certificate fails", async () => {
    const other = keyless();
    await other.sign(Buffer.from('data'));
    const body = JSON.stringify({
      signedCertificateEmbeddedSct: { chain: { certificates: [other.certificate] } },
    });
    sigstore.settings.faults.fulcio = () => ({ kind: 'answer', answer: { status: 200, body } });
    expect((await failureOf(sign(token()))).message).toContain(
      'certificate for the key in the request',
    );
  });
});
