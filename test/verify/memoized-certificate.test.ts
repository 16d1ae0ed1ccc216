import { X509Certificate as NodeCertificate } from 'node:crypto';

import { X509Certificate } from '@sigstore/core';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { type SignedEntity, Verifier, toTrustMaterial } from '@sigstore/verify';

import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { createKeylessSigner, parseTrustedRoot } from '../../src/sign';
import {
  LeafCertificates,
  MemoizedCertificate,
  withMemoizedAuthorities,
} from '../../src/verify/memoized-certificate';
import { anchorsOf } from '../../src/verify/trust-anchors';

const IDENTITY = 'https://ci.example.test/job';
const SECOND = 1000;

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

const rootOf = ({ trustedRoot }: RunningSigstore) => parseTrustedRoot(JSON.stringify(trustedRoot));

async function certificate(): Promise<NodeCertificate> {
  const token = sigstore.issuer.token({ subject: IDENTITY });
  const signer = createKeylessSigner({
    fulcioUrl: sigstore.fulcioUrl,
    identityProvider: { getToken: () => Promise.resolve(token) },
  });
  await signer.sign(Buffer.from('data'));
  return new NodeCertificate(signer.certificate ?? '');
}

/** The certificate's part of a verification: only the time of signing and the certificate matter. */
function entityAt(leaf: X509Certificate, time: Date): SignedEntity {
  const empty = Buffer.alloc(0);
  return {
    key: { $case: 'certificate', certificate: leaf },
    timestamps: [
      {
        $case: 'transparency-log',
        tlogEntry: {
          logIndex: '0',
          logId: { keyId: empty },
          kindVersion: { kind: '', version: '' },
          inclusionPromise: { signedEntryTimestamp: empty },
          inclusionProof: undefined,
          canonicalizedBody: empty,
          // Plus half a millisecond: the library multiplies and truncates.
          integratedTime: String((time.getTime() + 0.5) / SECOND),
        },
      },
    ],
    tlogEntries: [],
    signature: {
      signature: empty,
      compareSignature: () => true,
      compareDigest: () => true,
      compareSignedDigest: () => true,
      verifySignature: () => true,
    },
  };
}

type Check = (leaf: Buffer, time: Date) => string;

/** Returns a check of the library, with its own certificates or with memoized ones; the error, or an empty text. */
function checkIn(root: TrustedRoot, memoized: boolean): Check {
  const material = toTrustMaterial(root, {});
  const verifier = new Verifier(memoized ? withMemoizedAuthorities(material) : material, {
    tlogThreshold: 0,
    ctlogThreshold: material.ctlogs.length > 0 ? 1 : 0,
  });
  const leaves = new LeafCertificates();
  return (leaf, time) => {
    const parsed = memoized
      ? leaves.parse(leaf).certificate
      : X509Certificate.parse(Buffer.from(leaf));
    try {
      verifier.verify(entityAt(parsed, time));
      return '';
    } catch (error) {
      return String(error);
    }
  };
}

/** Checks each time twice with memoized certificates, compares with the library's own, and returns the results. */
function compare(root: TrustedRoot, leaf: Buffer, times: readonly Date[]): readonly string[] {
  const own = times.map((time) => checkIn(root, false)(leaf, time));
  const memoized = checkIn(root, true);
  for (let round = 0; round < 2; round += 1) {
    expect(times.map((time) => memoized(leaf, time))).toEqual(own);
  }
  return own;
}

const beside = (text: string, milliseconds: number): Date =>
  new Date(new Date(text).getTime() + milliseconds);

test('a certificate is valid only within its validity period, independent of earlier checks', async () => {
  const { raw, validFrom, validTo } = await certificate();
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
  const results = compare(rootOf(sigstore), raw, [...good, ...bad]);
  expect(results.slice(0, good.length).join('')).toBe('');
  for (const result of results.slice(good.length)) expect(result).toContain('certificate chain');
});

test('it is valid only while its authority is', async () => {
  const { raw, validFrom } = await certificate();
  const root = rootOf(sigstore);
  const end = beside(validFrom, 30 * SECOND + 500);
  for (const authority of root.certificateAuthorities) {
    authority.validFor = { start: authority.validFor?.start, end };
  }
  const times = [500, 499, 501].map((after) => beside(validFrom, 30 * SECOND + after));
  const [at, before, after] = compare(root, raw, times);
  expect([at, before]).toEqual(['', '']);
  expect(after).not.toBe('');
});

test('a result of one root does not affect another', async () => {
  const { raw, validFrom } = await certificate();
  const other = await startSigstore();
  try {
    const times = [beside(validFrom, SECOND)];
    const [ours, theirs] = [rootOf(sigstore), rootOf(other)];
    expect(compare(ours, raw, times)).toEqual(['']);
    expect(compare(theirs, raw, times)).not.toEqual(['']);
    expect(anchorsOf(ours)).toBe(anchorsOf(ours));
    expect(anchorsOf(theirs)).not.toBe(anchorsOf(ours));
    // Its own authority with a certificate log that does not contain it.
    const mixed = { ...ours, ctlogs: theirs.ctlogs };
    expect(compare(mixed, raw, times)[0]).toMatch(/SCT|chain/);
  } finally {
    await other.close();
  }
});

test('one leaf certificate has a result for each issuer, in any order', async () => {
  const { raw } = await certificate();
  const other = await startSigstore();
  try {
    const leaf = new LeafCertificates().parse(raw).certificate;
    const issuers = [other, sigstore].flatMap((each) =>
      toTrustMaterial(rootOf(each), {}).certificateAuthorities.flatMap((ca) => ca.certChain),
    );
    const own = issuers.map((issuer) => X509Certificate.parse(Buffer.from(raw)).verify(issuer));
    expect(own.filter(Boolean)).toHaveLength(1);
    for (const order of [issuers, [...issuers].reverse(), issuers]) {
      for (const issuer of order) {
        const verified = leaf.verify(issuer);
        expect(verified).toBe(own[issuers.indexOf(issuer)]);
        expect(leaf.verify(new MemoizedCertificate(issuer))).toBe(verified);
      }
    }
    expect(leaf.verify()).toBe(false);
  } finally {
    await other.close();
  }
});

test('certificates are equal if their bytes are', async () => {
  const { raw } = await certificate();
  const plain = (): X509Certificate => X509Certificate.parse(Buffer.from(raw));
  const memoized = new MemoizedCertificate(plain());
  const different = new MemoizedCertificate(X509Certificate.parse((await certificate()).raw));
  for (const same of [plain(), new MemoizedCertificate(plain())]) {
    expect(memoized.equals(same)).toBe(true);
    expect(different.equals(same)).toBe(false);
  }
});

test('where the root names a certificate log, it must contain the certificate', async () => {
  sigstore.settings.fulcio.sct = false;
  try {
    const { raw, validFrom } = await certificate();
    const root = rootOf(sigstore);
    const times = [beside(validFrom, 1)];
    expect(compare(root, raw, times)[0]).toContain('SCTs');
    expect(compare({ ...root, ctlogs: [] }, raw, times)).toEqual(['']);
  } finally {
    sigstore.settings.fulcio.sct = true;
  }
});

test('it returns its identity, and a modified certificate does not verify', async () => {
  const { raw, validFrom } = await certificate();
  const leaves = new LeafCertificates();
  expect(leaves.parse(raw).claimed).toEqual({ identity: IDENTITY, issuer: sigstore.issuer.url });
  expect(leaves.parse(raw)).toBe(leaves.parse(Buffer.from(raw)));
  const changed = Buffer.from(raw);
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
  expect(compare(rootOf(sigstore), changed, [beside(validFrom, SECOND)])).not.toEqual(['']);
});
