import { X509Certificate, createHash } from 'node:crypto';
import { inspect } from 'node:util';

import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import type { Digest } from '../../src/oci';
import {
  createCertificateCache,
  createTokenCache,
  type SigningHost,
  type SigningMaterial,
  createSigningMaterial,
} from '../../src/sign';
import { createDsseBundleBuilder, parseTrustedRoot } from '../../src/sigstore';
import { createFreshCheck } from '../../src/verify';
import { failureOf } from '../sign/support/failure';
import { testHost } from '../sign/support/host';

const SUBJECT = 'https://ci.example/job';
const call = { timeoutMs: 2_000, pauseMs: 1, retries: 1 };

let sigstore: RunningSigstore;
beforeEach(async () => {
  sigstore = await startSigstore();
});
afterEach(() => sigstore.close());

/** A run: its tokens and its certificates. */
const run = (token: string, overrides: Partial<SigningHost> = {}): SigningHost =>
  testHost({
    env: { SIGSTORE_ID_TOKEN: token },
    tokens: createTokenCache(),
    certificates: createCertificateCache(),
    ...overrides,
  });
const tokenOf = (subject = SUBJECT, claims = {}) => sigstore.issuer.token({ subject, claims });

const material = (host: SigningHost, at: RunningSigstore = sigstore): Promise<SigningMaterial> =>
  createSigningMaterial(
    {
      keyless: {},
      sigstore: { fulcioUrl: at.fulcioUrl, rekorUrl: at.rekorUrl, tsaUrl: at.tsaUrl },
    },
    host,
    { call },
  );

let signed = 0;

/** Signs something new. */
async function sign({ signer, witnesses }: SigningMaterial) {
  signed += 1;
  const data = Buffer.from(`{"_type":"${signed}"}`);
  const builder = createDsseBundleBuilder({ signer, witnesses });
  return builder.create({ data, type: 'application/vnd.in-toto+json' });
}

async function certificateOf(made: SigningMaterial): Promise<string> {
  const { content } = (await sign(made)).verificationMaterial;
  if (content.$case !== 'certificate') throw new Error('no certificate');
  return createHash('sha256').update(content.certificate.rawBytes).digest('hex');
}

const requestsTo = (service: string, at: RunningSigstore = sigstore): number =>
  at.requests.filter((request) => request.service === service).length;

test('the signatures of a run share a certificate; each has its own entry and timestamp, and verifies', async () => {
  const host = run(tokenOf());
  const check = createFreshCheck({
    transparency: 'log',
    trustedRoot: parseTrustedRoot(JSON.stringify(sigstore.trustedRoot)),
  });
  const made = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const one = await material(host);
      return { bundle: await sign(one), description: one.description };
    }),
  );
  const again = await material(host);
  made.push({ bundle: await sign(again), description: again.description });
  for (const { bundle, description } of made) {
    expect(description).toEqual({
      kind: 'keyless',
      identity: SUBJECT,
      issuer: sigstore.issuer.url,
    });
    const stored = createHash('sha256').update(JSON.stringify(bundle)).digest('hex');
    const candidate = { format: 'bundle', stored: `sha256:${stored}` as Digest, bundle } as const;
    expect(() => check(candidate, description)).not.toThrow();
  }
  expect(requestsTo('fulcio')).toBe(1);
  expect(requestsTo('rekor')).toBe(6);
  expect(requestsTo('tsa')).toBe(6);
  expect(new Set(sigstore.log.entries.map(({ uuid }) => uuid)).size).toBe(6);
});

test('without the certificates of a run each signature has its own', async () => {
  const one = await material(run(tokenOf(), { certificates: undefined }));
  expect(await certificateOf(one)).not.toBe(await certificateOf(one));
  expect(requestsTo('fulcio')).toBe(2);
});

describe('another certificate is requested', () => {
  test.each([
    ['identity', () => tokenOf('https://ci.example/other-job')],
    ['job of the same identity', () => tokenOf(SUBJECT, { run_id: '2' })],
    ['claim', () => tokenOf(SUBJECT, { ref: 'refs/heads/other' })],
  ])('with another %s', async (_, other) => {
    const host = run(tokenOf());
    const first = await certificateOf(await material(host));
    const later = { ...host, env: { SIGSTORE_ID_TOKEN: other() } };
    expect(await certificateOf(await material(later))).not.toBe(first);
    expect(await certificateOf(await material(host))).toBe(first);
    expect(requestsTo('fulcio')).toBe(2);
  });

  test('and not with another token of the same claims', async () => {
    const host = run(tokenOf(SUBJECT, { jti: '1' }));
    const first = await certificateOf(await material(host));
    const later = { ...host, env: { SIGSTORE_ID_TOKEN: tokenOf(SUBJECT, { jti: '2', iat: 7 }) } };
    expect(await certificateOf(await material(later))).toBe(first);
    expect(requestsTo('fulcio')).toBe(1);
  });

  test('at another Fulcio', async () => {
    const other = await startSigstore();
    try {
      const host = run(tokenOf());
      await sign(await material(host));
      const there = {
        ...host,
        env: { SIGSTORE_ID_TOKEN: other.issuer.token({ subject: SUBJECT }) },
      };
      await sign(await material(there, other));
      expect([requestsTo('fulcio'), requestsTo('fulcio', other)]).toEqual([1, 1]);
    } finally {
      await other.close();
    }
  });

  test('when the cached one would not last until the log and timestamp authority have responded', async () => {
    sigstore.settings.fulcio.lifetimeMinutes = 0.25;
    const host = run(tokenOf());
    const first = await certificateOf(await material(host));
    expect(await certificateOf(await material(host))).not.toBe(first);
    expect(requestsTo('fulcio')).toBe(2);
  });

  test('after the log returned a time at which it is not valid', async () => {
    const host = run(tokenOf());
    await sign(await material(host));
    sigstore.settings.rekor.clockOffset = 11 * 60;
    await sign(await material(host));
    sigstore.settings.rekor.clockOffset = 0;
    expect(requestsTo('fulcio')).toBe(1);
    await sign(await material(host));
    await sign(await material(host));
    expect(requestsTo('fulcio')).toBe(2);
  });

  test.each(['rekor', 'tsa'] as const)('after %s refused what it signed', async (service) => {
    const host = run(tokenOf());
    await sign(await material(host));
    sigstore.settings.faults[service] = () => ({ kind: 'answer', answer: { status: 400 } });
    await failureOf(sign(await material(host)));
    delete sigstore.settings.faults[service];
    await sign(await material(host));
    expect(requestsTo('fulcio')).toBe(2);
  });

  test('and not after a log was busy', async () => {
    const host = run(tokenOf());
    await sign(await material(host));
    sigstore.settings.faults.rekor = () => ({ kind: 'answer', answer: { status: 503 } });
    await failureOf(sign(await material(host)));
    delete sigstore.settings.faults.rekor;
    await sign(await material(host));
    expect(requestsTo('fulcio')).toBe(1);
  });
});

test('a Fulcio that failed is retried by the next signature', async () => {
  const host = run(tokenOf());
  sigstore.settings.faults.fulcio = () => ({ kind: 'answer', answer: { status: 503 } });
  const both = await Promise.all([1, 2].map(async () => failureOf(sign(await material(host)))));
  expect(both.map(({ code }) => code)).toEqual(['FULCIO_FAILED', 'FULCIO_FAILED']);
  // The request and its retry, for both.
  expect(requestsTo('fulcio')).toBe(2);
  delete sigstore.settings.faults.fulcio;
  await sign(await material(host));
  expect(requestsTo('fulcio')).toBe(3);
});

test('a job whose token expires does not request another one while its certificate is valid', async () => {
  let time = Date.now();
  const github = sigstore.issuer.actionsEnvironment();
  const host = run('', { env: { GITHUB_ACTIONS: 'true', ...github }, now: () => new Date(time) });
  const tokens = () => requestsTo('issuer');
  const first = await material(host);
  const certificate = await certificateOf(first);
  expect(tokens()).toBe(1);
  time += 9.5 * 60_000;
  expect(await certificateOf(await material(host))).toBe(certificate);
  expect(tokens()).toBe(1);
  host.certificates?.forget(await pemOf(first));
  expect(await certificateOf(await material(host))).not.toBe(certificate);
  expect(tokens()).toBe(2);
});

async function pemOf({ signer }: SigningMaterial): Promise<string> {
  const { key } = await signer.sign(Buffer.from('data'));
  return key.$case === 'x509Certificate' ? key.certificate : '';
}

test('the private key is not exposed', async () => {
  const host = run(tokenOf());
  const one = await material(host);
  expect(new X509Certificate(await pemOf(one)).publicKey.type).toBe('public');
  for (const shown of [host, one].map((it) => inspect(it, { depth: 9, showHidden: true }))) {
    expect(shown).not.toContain('KeyObject');
    expect(shown).not.toContain('PRIVATE KEY');
  }
});
