import { generateKeyPairSync } from 'node:crypto';

import { EntryMatcher } from '../../src/log-audit/entry-matcher';
import { parseEntry } from '../../src/log-audit/entry-signers';
import { KnownEntries } from '../../src/log-audit/known-entries';
import { publicKeyOf } from '../../src/key/public-key';
import {
  certificateSigner,
  createCertificateAuthority,
  digestOf,
  keySigner,
  newKeyPair,
  OUR_EMAIL,
  OURS,
  v1Body,
  v2Body,
} from './support/entries';

const { publicKey } = newKeyPair();
const key = publicKeyOf(publicKey);
const matcher = new EntryMatcher({ keys: [key], identities: [OURS] }, undefined);
const match = (body: Buffer) => {
  const content = parseEntry(body);
  return content && matcher.match(content)?.signer;
};

describe('EntryMatcher', () => {
  const ours = { kind: 'key', keyId: key.keyId };

  it.each(['hashedrekord', 'dsse', 'intoto', 'intoto-0.0.1', 'rekord'] as const)(
    'finds a key in an entry of Rekor v1 of the kind %s',
    (kind) => {
      expect(match(v1Body('a', keySigner(publicKey), kind))).toEqual(ours);
      expect(match(v1Body('a', keySigner(newKeyPair().publicKey), kind))).toBeUndefined();
    },
  );

  it.each(['hashedrekord', 'dsse'] as const)(
    'finds a key in an entry of Rekor v2 of the kind %s',
    (kind) => {
      expect(match(v2Body('a', keySigner(publicKey), kind))).toEqual(ours);
      expect(match(v2Body('a', keySigner(newKeyPair().publicKey), kind))).toBeUndefined();
    },
  );

  it('finds a key in a certificate of another identity', async () => {
    const authority = await createCertificateAuthority();
    const signer = await certificateSigner(authority, OUR_EMAIL, publicKey);
    expect(match(v2Body('a', signer))).toEqual(ours);
    expect(match(v1Body('a', signer, 'dsse'))).toEqual(ours);
  });

  it('finds identities by patterns and claims', async () => {
    const authority = await createCertificateAuthority();
    const { identity, issuer } = OURS;
    const issue = async (ref: string) => ({
      label: 'CERTIFICATE' as const,
      der: await authority.issue({
        publicKey: newKeyPair().publicKey,
        identity,
        extensions: [
          { oid: '1.3.6.1.4.1.57264.1.8', value: issuer },
          { oid: '1.3.6.1.4.1.57264.1.14', value: ref },
        ],
        lifetimeMinutes: 10,
        sct: true,
      }),
    });
    const entry = parseEntry(v2Body('a', await issue('refs/tags/v1')))!;
    const found = (trusted: object) =>
      new EntryMatcher({ keys: [], identities: [trusted] }, undefined).match(entry)?.signer;
    const expected = { kind: 'keyless', identity, issuer, isCertificateTrusted: false };
    const identityPattern = 'https://github\\.com/acme/.+';
    expect(found({ identityPattern, issuer })).toEqual(expected);
    expect(found({ identityPattern, issuerPattern: 'https://token\\..+' })).toEqual(expected);
    expect(found({ identity, issuer, claims: { sourceRef: 'refs/tags/v1' } })).toEqual(expected);
    const claimPatterns = { sourceRef: 'refs/tags/.+' };
    expect(found({ identityPattern, issuer, claimPatterns })).toEqual(expected);
    for (const other of [
      { identityPattern: 'acme', issuer },
      { identityPattern, issuer: `${issuer}/x` },
      { identity, issuer, claims: { sourceRef: 'refs/tags/v' } },
      { identityPattern, issuer, claimPatterns: { sourceRef: 'tags' } },
      { identityPattern, issuer, claims: { buildTrigger: 'push' } },
    ]) {
      expect(found(other)).toBeUndefined();
    }
  });

  it('finds any of several signers of an entry', () => {
    const body = JSON.parse(v1Body('a', keySigner(newKeyPair().publicKey), 'dsse').toString()) as {
      spec: { signatures: object[] };
    };
    const second = JSON.parse(v1Body('a', keySigner(publicKey), 'dsse').toString()) as typeof body;
    body.spec.signatures.push(...second.spec.signatures);
    expect(match(Buffer.from(JSON.stringify(body)))).toEqual(ours);
  });

  it('finds an RSA key that is logged as PKCS#1', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const ofRsa = new EntryMatcher({ keys: [publicKeyOf(rsa)], identities: [] }, undefined);
    const der = rsa.export({ type: 'pkcs1', format: 'der' });
    const content = parseEntry(v1Body('a', { der, label: 'PUBLIC KEY' }, 'hashedrekord'));
    expect(content && ofRsa.match(content)?.signer.kind).toBe('key');
  });

  it('compares identity and issuer exactly', async () => {
    const authority = await createCertificateAuthority();
    const found = async (identity: string, issuer: string) =>
      match(v2Body('a', await certificateSigner(authority, { identity, issuer })));
    expect(await found(OURS.identity, OURS.issuer)).toMatchObject({ kind: 'keyless', ...OURS });
    expect(await found(`${OURS.identity}x`, OURS.issuer)).toBeUndefined();
    expect(await found(OURS.identity, `${OURS.issuer}/x`)).toBeUndefined();
    expect(await found(`https://evil.example/${OURS.identity}`, OURS.issuer)).toBeUndefined();
  });

  it.each(['', 'null', '[]', '{"kind":1}', '{"kind":"dsse","apiVersion":"0.0.1"'])(
    'does not parse %j',
    (text) => {
      expect(parseEntry(Buffer.from(text))).toBeUndefined();
    },
  );

  it('ignores malformed keys and certificates', () => {
    const der = Buffer.from(OURS.identity);
    expect(match(v2Body('a', { der, label: 'CERTIFICATE' }))).toBeUndefined();
  });
});

describe('KnownEntries', () => {
  const logId = Buffer.alloc(32, 1);
  const leafHash = '12'.repeat(32);
  const entry = { logIndex: 7, logId, leafHash, digests: [digestOf('a')] };
  const known = (list: string): boolean => {
    const entries = new KnownEntries();
    entries.addList(list);
    return entries.has(entry);
  };

  it('knows entries by index, UUID and digest', () => {
    expect(known('7')).toBe(true);
    expect(known(`# a comment\n\n${leafHash} # release 1`)).toBe(true);
    expect(known(`00000000000000ab${leafHash}`)).toBe(true);
    expect(known(`sha256:${digestOf('a')}`)).toBe(true);
    expect(known(`8\nsha256:${digestOf('b')}\n${'34'.repeat(32)}`)).toBe(false);
  });

  it.each(['-1', '07', 'sha256:12', '1e3', 'https://rekor.example.com'])(
    'rejects the line %j, with its number',
    (line) => {
      expect(() => known(`7\n${line}`)).toThrow(/line 2 of the known entries/);
    },
  );

  it('does not take a hash in an entry of a kind with free fields for a known one', () => {
    const body = v1Body('a', keySigner(publicKey), 'rekord');
    expect(parseEntry(body)?.digests).toEqual([]);
    expect(parseEntry(v1Body('a', keySigner(publicKey), 'hashedrekord'))?.digests).toEqual([
      digestOf('a'),
    ]);
    expect(parseEntry(v2Body('a', keySigner(publicKey)))?.digests).toEqual([digestOf('a')]);
  });

  it('reads the state of a stack, also as its file, and rejects other JSON', () => {
    const resources = [
      { type: 'signed-image:index:ImageSignature', delete: true, outputs: { logEntries: [] } },
      { type: 'signed-image:index:ImageSignature', outputs: {} },
      {
        type: 'signed-image:index:ImageSignature',
        outputs: { logEntries: [{ logIndex: '7', logId: logId.toString('base64') }, 'x'] },
      },
    ];
    for (const state of [
      { deployment: { resources } },
      { checkpoint: { latest: { resources } } },
    ]) {
      const entries = new KnownEntries();
      entries.addState(JSON.stringify(state));
      expect(entries.has(entry)).toBe(true);
      expect(entries.has({ ...entry, logId: Buffer.alloc(32, 2) })).toBe(false);
    }
    for (const text of ['{}', 'x', '{"deployment":{}}']) {
      expect(() => new KnownEntries().addState(text)).toThrow(/is not a stack export/);
    }
  });
});
