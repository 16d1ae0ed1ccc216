import { X509Certificate } from 'node:crypto';

import { toTrustMaterial } from '@sigstore/verify';

import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { createKeylessSigner, parseTrustedRoot } from '../../src/sign';
import { CertificateTrust } from '../../src/verify/certificate-trust';
import { anchorsOf } from '../../src/verify/trust-anchors';

const IDENTITY = 'https://ci.example.test/job';
const SECOND = 1000;

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

const rootOf = ({ trustedRoot }: RunningSigstore) => parseTrustedRoot(JSON.stringify(trustedRoot));
const trustIn = (root = rootOf(sigstore)) => new CertificateTrust(toTrustMaterial(root, {}));

async function certificate(): Promise<X509Certificate> {
  const token = sigstore.issuer.token({ subject: IDENTITY });
  const signer = createKeylessSigner({
    fulcioUrl: sigstore.fulcioUrl,
    identityProvider: { getToken: () => Promise.resolve(token) },
  });
  await signer.sign(Buffer.from('data'));
  return new X509Certificate(signer.certificate ?? '');
}

const beside = (text: string, milliseconds: number): Date =>
  new Date(new Date(text).getTime() + milliseconds);

test('a certificate is valid within its validity, and at no other time, whatever was checked before', async () => {
  const { raw, validFrom, validTo } = await certificate();
  const trust = trustIn();
  const good = [
    beside(validFrom, 0),
    beside(validFrom, 1),
    beside(validFrom, 61_234),
    beside(validTo, -1),
    beside(validTo, 0),
  ];
  const bad = [
    beside(validFrom, -1),
    beside(validFrom, -3600 * SECOND),
    beside(validTo, 1),
    beside(validTo, 3600 * SECOND),
    new Date(Number.NaN),
  ];
  for (let round = 0; round < 2; round += 1) {
    for (const time of good) expect(() => trust.check(raw, time)).not.toThrow();
    for (const time of bad) expect(() => trust.check(raw, time)).toThrow('certificate chain');
  }
});

test('it is good only while its authority is', async () => {
  const { raw, validFrom } = await certificate();
  const root = rootOf(sigstore);
  const end = beside(validFrom, 30 * SECOND + 500);
  for (const authority of root.certificateAuthorities) {
    authority.validFor = { start: authority.validFor?.start, end };
  }
  const trust = trustIn(root);
  for (let round = 0; round < 2; round += 1) {
    expect(() => trust.check(raw, beside(validFrom, 30 * SECOND + 500))).not.toThrow();
    expect(() => trust.check(raw, beside(validFrom, 30 * SECOND + 499))).not.toThrow();
    expect(() => trust.check(raw, beside(validFrom, 30 * SECOND + 501))).toThrow();
  }
});

test('a result of one root does not affect another', async () => {
  const { raw, validFrom } = await certificate();
  const other = await startSigstore();
  try {
    trustIn().check(raw, beside(validFrom, SECOND));
    expect(() => trustIn(rootOf(other)).check(raw, beside(validFrom, SECOND))).toThrow();
    const [ours, theirs] = [rootOf(sigstore), rootOf(other)];
    expect(anchorsOf(ours)).toBe(anchorsOf(ours));
    expect(anchorsOf(theirs)).not.toBe(anchorsOf(ours));
    // Its own authority with a certificate log that did not see it.
    const mixed = { ...ours, ctlogs: theirs.ctlogs };
    expect(() => trustIn(mixed).check(raw, beside(validFrom, SECOND))).toThrow(/SCT|chain/);
  } finally {
    await other.close();
  }
});

test('where the root names a certificate log, it must have seen the certificate', async () => {
  sigstore.settings.fulcio.sct = false;
  try {
    const { raw, validFrom } = await certificate();
    const root = rootOf(sigstore);
    expect(() => trustIn(root).check(raw, beside(validFrom, 1))).toThrow('SCTs');
    expect(() => trustIn({ ...root, ctlogs: [] }).check(raw, beside(validFrom, 1))).not.toThrow();
  } finally {
    sigstore.settings.fulcio.sct = true;
  }
});

test('it returns its identity, and a modified certificate has another one', async () => {
  const { raw, validFrom } = await certificate();
  const trust = trustIn();
  trust.check(raw, beside(validFrom, SECOND));
  expect(trust.read(raw).claimed).toEqual({ identity: IDENTITY, issuer: sigstore.issuer.url });
  const changed = Buffer.from(raw);
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
  expect(() => trust.check(changed, beside(validFrom, SECOND))).toThrow();
});
