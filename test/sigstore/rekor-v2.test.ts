import { createPublicKey, generateKeyPairSync } from 'node:crypto';

import { bundleFromJSON, bundleToJSON } from '@sigstore/bundle';
import { TransparencyLogEntry as EntryMessage } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { createRegistryClient, parseReference } from '../../src/oci';
import { signImage } from '../../src/sign';
import { createKeySigner } from '../../src/key';
import {
  createDsseBundleBuilder,
  createKeylessSigner,
  createWitnesses,
  parseTrustedRoot,
} from '../../src/sigstore';
import { failureOf } from '../sign/support/failure';

const ARTIFACT = { data: Buffer.from('{"_type":"x"}'), type: 'application/vnd.in-toto+json' };
const call = { pauseMs: 1, retries: 2 };

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());
beforeEach(() => {
  delete sigstore.settings.faults['rekor-v2'];
});

const root = () => parseTrustedRoot(JSON.stringify(sigstore.trustedRoot));
const logIds = () =>
  Promise.resolve(root().tlogs.map(({ logId }) => Buffer.from(logId?.keyId ?? [])));
const witnesses = (more: object = {}) =>
  createWitnesses({
    logs: [{ url: `${sigstore.rekorV2Url}/`, version: 2 }],
    call,
    logIds,
    ...more,
  });
const newKey = (type: 'ec' | 'rsa' = 'ec') =>
  createKeySigner(
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  );
type KeySigner = ReturnType<typeof newKey>;
const sign = (signer: KeySigner, by = witnesses()) =>
  createDsseBundleBuilder({ signer, witnesses: by }).create(ARTIFACT);

type Bundle = Awaited<ReturnType<typeof sign>>;

/** `@sigstore/verify`'s verdict: body, inclusion proof, and checkpoint by the trusted log's key. */
function verify(bundle: Bundle, { publicKey }: KeySigner): void {
  const key = { publicKey: createPublicKey(publicKey.pem), validFor: () => true };
  const trust = toTrustMaterial(root(), () => key);
  const options = { tlogThreshold: 1, ctlogThreshold: 0, timestampThreshold: 0 };
  new Verifier(trust, options).verify(toSignedEntity(bundleFromJSON(bundleToJSON(bundle))));
}

const entryOf = (bundle: Bundle) => bundle.verificationMaterial.tlogEntries[0];

describe('a Rekor v2', () => {
  it.each(['legacy', 'both'] as const)(
    'is not used if the format (%s) cannot store its entries',
    async (format) => {
      const before = sigstore.logV2.entries.length;
      const signer = newKey();
      const { keyId, pem } = signer.publicKey;
      const description = { kind: 'key' as const, keyId, publicKey: pem };
      const material = { signer, description, witnesses: witnesses() };
      const { repository } = parseReference('127.0.0.1:9/app');
      const client = createRegistryClient({ dockerConfig: 'none' });
      const error = await failureOf(
        signImage({ repository, targets: [], format, material }, client),
      );
      await client.close();
      expect(error).toMatchObject({ code: 'INPUT_INVALID', property: 'format' });
      expect(error.message).toContain('Rekor v2');
      expect(sigstore.logV2.entries).toHaveLength(before);
    },
  );

  it.each(['ec', 'rsa'] as const)('takes the envelope of a key (%s)', async (type) => {
    const signer = newKey(type);
    const bundle = await sign(signer);
    expect(entryOf(bundle)).toMatchObject({
      kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
      integratedTime: '0',
    });
    expect(() => verify(bundle, signer)).not.toThrow();
  });

  it('takes the envelope of a certificate, with a timestamp', async () => {
    const raw = sigstore.issuer.token({ subject: 'https://ci.example/job' });
    const signer = createKeylessSigner({
      fulcioUrl: sigstore.fulcioUrl,
      identityProvider: { getToken: () => Promise.resolve(raw) },
    });
    const by = witnesses({ authorities: [{ url: sigstore.tsaUrl }] });
    const bundle = await createDsseBundleBuilder({ signer, witnesses: by }).create(ARTIFACT);
    const stored = bundleFromJSON(bundleToJSON(bundle));
    const verifier = new Verifier(toTrustMaterial(root(), {}));
    expect(() => verifier.verify(toSignedEntity(stored))).not.toThrow();
  });

  it.each([1, 2, 3, 7, 300])(
    'that has the entry already is read, in a tree with %i more leaves',
    async (more) => {
      const signer = newKey('rsa');
      const first = await sign(signer);
      for (let left = more; left > 0; left -= 1) sigstore.logV2.append(Buffer.from(`${left}`));
      const second = await sign(signer);
      expect(entryOf(second)?.logIndex).toBe(entryOf(first)?.logIndex);
      expect(entryOf(second)?.canonicalizedBody).toEqual(entryOf(first)?.canonicalizedBody);
      expect(() => verify(second, signer)).not.toThrow();
    },
  );

  it('that was cut off after it had written is read for what it wrote', async () => {
    let calls = 0;
    sigstore.settings.faults['rekor-v2'] = () =>
      (calls += 1) === 1 ? { kind: 'lose' } : undefined;
    const signer = newKey();
    const bundle = await sign(signer);
    expect(() => verify(bundle, signer)).not.toThrow();
  });

  it('that has the entry and does not serve its tree is reported', async () => {
    const signer = newKey('rsa');
    await sign(signer);
    sigstore.settings.faults['rekor-v2'] = ({ method }) =>
      method === 'GET' ? { kind: 'answer', answer: { status: 404 } } : undefined;
    const error = await failureOf(sign(signer));
    expect(error).toMatchObject({ code: 'REKOR_FAILED', property: 'sigstore.rekorUrl' });
    expect(error.message).toContain('already exists');
    expect(error.message).toContain('cannot be read back');
  });

  it('that has the entry and is not trusted is reported', async () => {
    const signer = newKey('rsa');
    await sign(signer);
    const error = await failureOf(sign(signer, witnesses({ logIds: undefined })));
    expect(error.message).toContain('trusted root does not hold this log');
  });

  it.each([
    ['refuses', { status: 400, body: '{"message":"invalid hashedrekord request"}' }, 'invalid'],
    ['stays busy', { status: 503 }, '(503)'],
    ['answers with HTML', { status: 201, body: '<html>' }, 'not a log entry'],
    ['answers with an empty object', { status: 201, body: '{}' }, 'not a log entry'],
    ['redirects', { status: 307, headers: { location: 'https://rekor.example' } }, 'redirects'],
    ['has it and does not return its index', { status: 409, body: '{}' }, '(409)'],
  ])('that %s fails the signature', async (_, answer, text) => {
    sigstore.settings.faults['rekor-v2'] = () => ({ kind: 'answer', answer });
    const by = createWitnesses({
      logs: [{ url: sigstore.rekorV2Url, version: 2, property: 'sigstore.signingConfig' }],
      call,
    });
    const error = await failureOf(sign(newKey(), by));
    expect(error).toMatchObject({ code: 'REKOR_FAILED', property: 'sigstore.signingConfig' });
    expect(error.message).toContain(text);
  });

  it("that returns another signer's entry is rejected", async () => {
    const other = entryOf(await sign(newKey()));
    const body = JSON.stringify(other && EntryMessage.toJSON(other));
    sigstore.settings.faults['rekor-v2'] = () => ({
      kind: 'answer',
      answer: { status: 201, body },
    });
    const error = await failureOf(sign(newKey()));
    expect(error.message).toContain('not about this signature');
  });

  it.each([
    ['another root', (note: string) => note.replace(/\n.{44}\n/, `\n${'A'.repeat(43)}=\n`)],
    ['no checkpoint', () => 'nothing'],
  ])('whose proof leads to %s is rejected', async (_, change) => {
    const signer = newKey('rsa');
    const bundle = await sign(signer);
    const checkpoint = entryOf(bundle)?.inclusionProof?.checkpoint?.envelope ?? '';
    sigstore.settings.faults['rekor-v2'] = ({ path }) =>
      path.endsWith('/checkpoint')
        ? { kind: 'answer', answer: { status: 200, body: change(checkpoint) } }
        : undefined;
    const error = await failureOf(sign(signer));
    expect(error.code).toBe('REKOR_FAILED');
    expect(error.message).toMatch(/does not lead to its checkpoint|does not reach entry/);
  });
});
