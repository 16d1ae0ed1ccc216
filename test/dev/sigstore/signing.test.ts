import { generateKeyPairSync, sign as signBytes } from 'node:crypto';

import { bundleFromJSON, bundleToJSON, type Bundle } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import {
  CIContextProvider,
  DSSEBundleBuilder,
  FulcioSigner,
  MessageSignatureBundleBuilder,
  RekorWitness,
  type Signer,
  TSAWitness,
  type Witness,
} from '@sigstore/sign';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';

const STATEMENT = {
  type: 'application/vnd.in-toto+json',
  data: Buffer.from(
    '{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"ab"}}]}',
  ),
};
const ONCE = { retry: 0, timeout: 10_000 };

let sigstore: RunningSigstore;

beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());
afterEach(() => {
  for (const name of Object.keys(sigstore.settings.faults)) {
    delete sigstore.settings.faults[name as 'rekor'];
  }
});

const rekor = (options: { fetchOnConflict?: boolean } = {}) =>
  new RekorWitness({ rekorBaseURL: sigstore.rekorUrl, entryType: 'dsse', ...ONCE, ...options });
const tsa = () => new TSAWitness({ tsaBaseURL: sigstore.tsaUrl, ...ONCE });

function keyless(token: string): Signer {
  return new FulcioSigner({
    fulcioBaseURL: sigstore.fulcioUrl,
    identityProvider: { getToken: () => Promise.resolve(token) },
    ...ONCE,
  });
}

function keyed(type: 'ec' | 'rsa') {
  const { publicKey, privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const signer: Signer = {
    sign: (data) =>
      Promise.resolve({
        signature: signBytes('sha256', data, privateKey),
        key: { $case: 'publicKey', publicKey: pem, hint: 'key' },
      }),
  };
  return { signer, publicKey };
}

async function makeBundle(signer: Signer, witnesses: Witness[]): Promise<Bundle> {
  const bundle = await new DSSEBundleBuilder({ signer, witnesses }).create(STATEMENT);
  // Through JSON and back, so that the stored form is verified.
  return bundleFromJSON(bundleToJSON(bundle));
}

function verifier(
  thresholds: ConstructorParameters<typeof Verifier>[1] = {},
  keys: Parameters<typeof toTrustMaterial>[1] = undefined,
) {
  return new Verifier(
    toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot), keys),
    thresholds,
  );
}

describe('what the local Sigstore signs verifies with its trusted root', () => {
  test('keyless with Rekor and timestamp, an identity by URI', async () => {
    const token = sigstore.issuer.token({ subject: 'https://ci.example.com/job/7' });
    const bundle = await makeBundle(keyless(token), [tsa(), rekor()]);
    const signer = verifier({ timestampThreshold: 2 }).verify(toSignedEntity(bundle), {
      subjectAlternativeName: '^https://ci\\.example\\.com/job/7$',
      extensions: { issuer: sigstore.issuer.url },
    });
    expect(signer.identity?.subjectAlternativeName).toBe('https://ci.example.com/job/7');
  });

  test('keyless with Rekor only, an identity by e-mail', async () => {
    const token = sigstore.issuer.token({ email: 'dev@example.com' });
    const bundle = await makeBundle(keyless(token), [rekor()]);
    expect(() =>
      verifier().verify(toSignedEntity(bundle), { subjectAlternativeName: '^dev@example\\.com$' }),
    ).not.toThrow();
  });

  test('keyless with a timestamp only', async () => {
    const token = sigstore.issuer.token({ subject: 'https://ci.example.com/job/8' });
    const bundle = await makeBundle(keyless(token), [tsa()]);
    expect(() => verifier({ tlogThreshold: 0 }).verify(toSignedEntity(bundle))).not.toThrow();
  });

  test('another identity is refused', async () => {
    const token = sigstore.issuer.token({ subject: 'https://ci.example.com/job/9' });
    const bundle = await makeBundle(keyless(token), [rekor()]);
    expect(() =>
      verifier().verify(toSignedEntity(bundle), { subjectAlternativeName: '^https://other$' }),
    ).toThrow(expect.objectContaining({ code: 'UNTRUSTED_SIGNER_ERROR' }));
  });

  test('a certificate without an SCT is refused', async () => {
    sigstore.settings.fulcio.sct = false;
    try {
      const token = sigstore.issuer.token({ subject: 'https://ci.example.com/job/10' });
      const bundle = await makeBundle(keyless(token), [rekor()]);
      expect(() => verifier().verify(toSignedEntity(bundle))).toThrow();
      expect(() => verifier({ ctlogThreshold: 0 }).verify(toSignedEntity(bundle))).not.toThrow();
    } finally {
      sigstore.settings.fulcio.sct = true;
    }
  });

  test('an entry that the log made after the certificate expired is refused', async () => {
    sigstore.settings.rekor.clockOffset = 20 * 60;
    try {
      const token = sigstore.issuer.token({ subject: 'https://ci.example.com/job/11' });
      const bundle = await makeBundle(keyless(token), [rekor()]);
      expect(() => verifier().verify(toSignedEntity(bundle))).toThrow();
    } finally {
      sigstore.settings.rekor.clockOffset = 0;
    }
  });

  test.each(['ec', 'rsa'] as const)('an %s key with Rekor', async (type) => {
    const { signer, publicKey } = keyed(type);
    const bundle = await makeBundle(signer, [rekor()]);
    const trust = verifier({}, () => ({ publicKey, validFor: () => true }));
    expect(() => trust.verify(toSignedEntity(bundle))).not.toThrow();
  });

  test('a message signature is logged as hashedrekord', async () => {
    const token = sigstore.issuer.token({ email: 'dev@example.com' });
    const builder = new MessageSignatureBundleBuilder({
      signer: keyless(token),
      witnesses: [rekor()],
    });
    const data = Buffer.from('a simple signing payload');
    const bundle = bundleFromJSON(bundleToJSON(await builder.create({ data })));
    expect(() => verifier().verify(toSignedEntity(bundle, data))).not.toThrow();
    expect(bundle.verificationMaterial.tlogEntries[0]?.kindVersion?.kind).toBe('hashedrekord');
  });

  test('a deterministic signature made twice finds its first entry again', async () => {
    const { signer } = keyed('rsa');
    const first = await makeBundle(signer, [rekor()]);
    const second = await makeBundle(signer, [rekor({ fetchOnConflict: true })]);
    expect(second.verificationMaterial.tlogEntries[0]?.logIndex).toBe(
      first.verificationMaterial.tlogEntries[0]?.logIndex,
    );
  });

  test('the ambient credential of GitHub Actions results in a certificate of its workflow', async () => {
    const environment = sigstore.issuer.actionsEnvironment();
    const before = { ...process.env };
    Object.assign(process.env, environment);
    try {
      const signer = new FulcioSigner({
        fulcioBaseURL: sigstore.fulcioUrl,
        identityProvider: new CIContextProvider(),
        ...ONCE,
      });
      const bundle = await makeBundle(signer, [rekor()]);
      const workflow =
        'https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main';
      const { identity } = verifier().verify(toSignedEntity(bundle));
      expect(identity?.subjectAlternativeName).toBe(workflow);
    } finally {
      process.env = before;
    }
  });
});

describe('faults', () => {
  test('an answer that is lost leaves the entry in the log', async () => {
    const { signer } = keyed('rsa');
    const before = sigstore.log.entries.length;
    sigstore.settings.faults.rekor = () => ({ kind: 'lose' });
    await expect(makeBundle(signer, [rekor()])).rejects.toThrow();
    expect(sigstore.log.entries).toHaveLength(before + 1);
    delete sigstore.settings.faults.rekor;
    await makeBundle(signer, [rekor({ fetchOnConflict: true })]);
    expect(sigstore.log.entries).toHaveLength(before + 1);
  });

  test('a replaced response leaves nothing in the log', async () => {
    const before = sigstore.log.entries.length;
    sigstore.settings.faults.rekor = () => ({
      kind: 'answer',
      answer: { status: 503, body: 'busy' },
    });
    await expect(makeBundle(keyed('ec').signer, [rekor()])).rejects.toThrow();
    expect(sigstore.log.entries).toHaveLength(before);
    expect(sigstore.requests.at(-1)).toMatchObject({ service: 'rekor', status: 503 });
  });

  test('a dropped request leaves nothing in the log, a late one is served', async () => {
    const before = sigstore.log.entries.length;
    sigstore.settings.faults.rekor = () => ({ kind: 'drop' });
    await expect(makeBundle(keyed('ec').signer, [rekor()])).rejects.toThrow();
    expect(sigstore.log.entries).toHaveLength(before);
    sigstore.settings.faults.rekor = () => ({ kind: 'delay', milliseconds: 5 });
    await makeBundle(keyed('ec').signer, [rekor()]);
    expect(sigstore.log.entries).toHaveLength(before + 1);
  });
});
