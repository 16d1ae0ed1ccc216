import { createHash, generateKeyPairSync } from 'node:crypto';

import { HashAlgorithm } from '@sigstore/protobuf-specs';
import type { SignatureBundle } from '@sigstore/sign';
import fc from 'fast-check';

import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';
import { certificateDer, Timestamp } from '../../../src/storage';
import { parsePrivateKeyPem } from '../../../src/key/private-key-pem';
import {
  createKeylessSigner,
  createWitnesses,
  encryptPrivateKey,
  loadKeySigner,
  loadPublicKey,
  parseEncryptedKey,
  parseIdentityToken,
  parseKeyReference,
  parseTrustedRoot,
} from '../../../src/sign';
import { certificateIdentity } from '../../../src/sigstore/certificate-identity';
import { readSignerCertificate } from '../../../src/verify/signer-certificate';
import {
  anyBytes,
  expectRobust,
  mangled,
  mutated,
  mutatedJson,
  nastyJson,
  nastyText,
  RUNS,
} from './support/robust';

const PASSWORD = 'canary-fuzz-key-password';
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const host = {
  env: {},
  readFile: async () => {
    throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  },
};

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

/** Output of cosign and openssl, truncated and changed. */
const textOf = (text: string): fc.Arbitrary<string> =>
  fc.oneof(
    mangled(Buffer.from(text)).map((bytes) => bytes.toString('latin1')),
    nastyText,
    nastyText.map((nasty) => `-----BEGIN PRIVATE KEY-----\n${nasty}\n-----END PRIVATE KEY-----`),
  );

/** Errors of other modules: the caller wraps them. */
function foreign(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    // A defect of the parsing code itself would throw one of these, or end the process.
    if (error instanceof RangeError && /call stack/.test(error.message)) throw error;
    if (error instanceof ReferenceError || error instanceof SyntaxError) throw error;
  }
}

test('encrypted private keys', async () => {
  const pem = await encryptPrivateKey(pair.privateKey, PASSWORD, { cost: 32768 });
  const body = Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64');
  const json: unknown = JSON.parse(body.toString('utf8'));
  await expectRobust(mutatedJson(json), parseEncryptedKey);
  await expectRobust(textOf(pem), parsePrivateKeyPem);
  await expectRobust(
    textOf(pem),
    (text) => loadKeySigner({ ref: `-----BEGIN ${text}`, password: PASSWORD }, host),
    20,
  );
});

test('plain private keys and public keys', async () => {
  const options = { format: 'pem' } as const;
  const secret = pair.privateKey.export({ ...options, type: 'pkcs8' }).toString();
  const open = pair.publicKey.export({ ...options, type: 'spki' }).toString();
  await expectRobust(textOf(secret), parsePrivateKeyPem);
  await expectRobust(textOf(open), (text) => loadPublicKey(text, host));
  await expectRobust(mangled(Buffer.from(open.split('\n')[1] ?? '', 'base64')), (der) =>
    loadPublicKey(
      `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----`,
      host,
    ),
  );
  await expectRobust(nastyText, parseKeyReference);
});

test('trusted roots', async () => {
  await expectRobust(mutatedJson(sigstore.trustedRoot), (bytes) =>
    parseTrustedRoot(bytes.toString('utf8')),
  );
});

test('identity tokens', async () => {
  const claims = {
    iss: 'https://issuer.example.com',
    sub: 'job',
    aud: ['sigstore'],
    exp: 2_000_000_000,
    nbf: 1,
    iat: 1,
    email: 'a@example.com',
    email_verified: true,
    federated_claims: { connector_id: 'https://example.com' },
  };
  const part = (bytes: Buffer) => bytes.toString('base64url');
  const now = () => new Date(1_700_000_000_000);
  await expectRobust(
    fc.oneof(
      nastyText,
      mutatedJson(claims).map((bytes) => `e30.${part(bytes)}.c2ln`),
    ),
    (token) => parseIdentityToken(token, { now }),
  );
});

test('certificates and timestamps are parsed or rejected, for any bytes', async () => {
  const { issuer, fulcioUrl, tsaUrl } = sigstore;
  const identityProvider = { getToken: async () => issuer.token({ subject: 'https://ci/job' }) };
  const signer = createKeylessSigner({ fulcioUrl, identityProvider });
  await signer.sign(Buffer.from('anything'));
  const der = certificateDer(signer.certificate ?? '');
  if (!der) throw new Error('no certificate');
  await expectRobust(fc.oneof(mangled(der), anyBytes), (bytes) => {
    foreign(() => readSignerCertificate(bytes));
    foreign(() =>
      certificateIdentity(
        `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----`,
      ),
    );
  });
  await expectRobust(nastyText, (text) => certificateDer(text));

  const [witness] = createWitnesses({ authorities: [{ url: tsaUrl }] });
  const stamped = await witness?.testify(contentOf(Buffer.from('a signature')), '');
  const stamp = stamped?.rfc3161Timestamps?.[0]?.signedTimestamp;
  if (!stamp) throw new Error('no timestamp');
  await expectRobust(fc.oneof(mangled(Buffer.from(stamp)), anyBytes), (bytes) => {
    foreign(() => Timestamp.parse(bytes).signingTime);
  });
});

function contentOf(signature: Buffer): SignatureBundle {
  const digest = createHash('sha256').update(signature).digest();
  const messageDigest = { algorithm: HashAlgorithm.SHA2_256, digest };
  return { $case: 'messageSignature', messageSignature: { messageDigest, signature } };
}

test('what services answer', async () => {
  const { issuer, settings, fulcioUrl, rekorUrl, tsaUrl } = sigstore;
  const identityProvider = { getToken: async () => issuer.token({ subject: 'https://ci/job' }) };
  const call = { retries: 0 };
  const answers = fc.record({
    status: fc.constantFrom(200, 201, 201, 303, 400, 404, 409),
    body: fc.oneof(
      nastyText,
      nastyJson.map((value) => JSON.stringify(value) ?? ''),
      mutated({ signedCertificateEmbeddedSct: { chain: { certificates: ['x'] } } }).map(
        (value) => JSON.stringify(value) ?? '',
      ),
    ),
  });
  const services = fc.constantFrom('fulcio' as const, 'rekor' as const, 'tsa' as const);
  const publicKey = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  await expectRobust(
    fc.tuple(services, answers),
    async ([name, answer]) => {
      settings.faults[name] = () => ({ kind: 'answer', answer });
      const signer = createKeylessSigner({ fulcioUrl, identityProvider, call });
      if (name === 'fulcio') await signer.sign(Buffer.from('anything'));
      const [log, authority] = createWitnesses({
        logs: [{ url: rekorUrl, version: 1 }],
        authorities: [{ url: tsaUrl }],
        call,
      });
      const content = contentOf(Buffer.from('a signature'));
      if (name === 'rekor') await log?.testify(content, publicKey);
      if (name === 'tsa') await authority?.testify(content, publicKey);
    },
    RUNS / 3,
  );
});
