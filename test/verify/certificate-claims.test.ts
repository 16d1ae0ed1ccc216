import { generateKeyPairSync } from 'node:crypto';

import { X509Certificate } from '@sigstore/core';

import { ACTIONS_CLAIMS } from '../../dev/sigstore';
import { createCertificateAuthority } from '../../dev/sigstore/certificate-authority';
import { createKeylessSigner, signImage, type SigningMaterial } from '../../src/sign';
import { certificateDer } from '../../src/storage';
import { CLAIM_NAMES, readClaim, type TrustedIdentity, verifyImage } from '../../src/verify';
import {
  freshRepository,
  keyless,
  type Lab,
  openLab,
  policy,
  pushImage,
  target,
} from './support/lab';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

const RELEASE: typeof ACTIONS_CLAIMS & Readonly<Record<'job_workflow_ref', string>> = {
  ...ACTIONS_CLAIMS,
  ref: 'refs/tags/v1.2.3',
  job_workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/tags/v1.2.3',
};
const SUBJECT = `https://github.com/${RELEASE.job_workflow_ref}`;

/** A signer of a job with these claims. */
function job(claims: typeof RELEASE): SigningMaterial {
  const { fulcioUrl, issuer } = lab.sigstore;
  const identityProvider = { getToken: async () => issuer.token({ claims }) };
  return {
    ...keyless(lab),
    signer: createKeylessSigner({ fulcioUrl, identityProvider }),
    description: {
      kind: 'keyless',
      identity: `https://github.com/${claims.job_workflow_ref}`,
      issuer: issuer.url,
    },
  };
}

test('every claim of a job in GitHub Actions is in the certificate of Fulcio', async () => {
  const { signer } = job(RELEASE);
  const { key } = await signer.sign(Buffer.from('anything'));
  const der = key.$case === 'x509Certificate' ? certificateDer(key.certificate) : undefined;
  const certificate = X509Certificate.parse(Buffer.from(der!));
  const found = CLAIM_NAMES.map((name) => [name, readClaim(certificate, name)]);
  const github = 'https://github.com/octo-org';
  expect(Object.fromEntries(found)).toEqual({
    buildSignerUri: SUBJECT,
    buildSignerDigest: RELEASE['job_workflow_sha'],
    runnerEnvironment: 'github-hosted',
    sourceRepository: `${github}/octo-repo`,
    sourceDigest: RELEASE['sha'],
    sourceRef: 'refs/tags/v1.2.3',
    sourceRepositoryId: '74',
    sourceRepositoryOwner: github,
    sourceRepositoryOwnerId: '65',
    buildConfigUri: `${github}/octo-repo/.github/workflows/release.yml@refs/heads/main`,
    buildConfigDigest: RELEASE['workflow_sha'],
    buildTrigger: 'push',
    runInvocationUri: `${github}/octo-repo/actions/runs/1234567890/attempts/1`,
    sourceRepositoryVisibility: 'public',
    // Fulcio does not write it for this job.
    deploymentEnvironment: undefined,
    githubWorkflowTrigger: 'push',
    githubWorkflowSha: RELEASE['sha'],
    githubWorkflowName: 'release',
    githubWorkflowRepository: 'octo-org/octo-repo',
    githubWorkflowRef: 'refs/tags/v1.2.3',
  });
});

describe('the encoding of an extension', () => {
  const FULCIO = '1.3.6.1.4.1.57264.1';

  async function certificate(
    extensions: readonly { oid: string; value: string; legacy?: boolean }[],
  ): Promise<X509Certificate> {
    const authority = await createCertificateAuthority();
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const request = { publicKey, identity: 'https://a.example/b', lifetimeMinutes: 10, sct: false };
    return X509Certificate.parse(Buffer.from(await authority.issue({ ...request, extensions })));
  }

  test('is raw text for the first six, and a DER UTF8String for the others', async () => {
    const long = `refs/heads/${'ä漢'.repeat(60)}`;
    const longer = 'x'.repeat(70_000);
    const issued = await certificate([
      { oid: `${FULCIO}.6`, value: long, legacy: true },
      { oid: `${FULCIO}.14`, value: long },
      { oid: `${FULCIO}.21`, value: longer },
      { oid: `${FULCIO}.23`, value: 'production' },
      { oid: `${FULCIO}.20`, value: '' },
    ]);
    expect(readClaim(issued, 'githubWorkflowRef')).toBe(long);
    expect(readClaim(issued, 'sourceRef')).toBe(long);
    expect(readClaim(issued, 'runInvocationUri')).toBe(longer);
    expect(readClaim(issued, 'deploymentEnvironment')).toBe('production');
    expect(readClaim(issued, 'buildTrigger')).toBe('');
  });

  test('of a raw text or another DER type in place of a DER UTF8String is not a claim', async () => {
    const value = (text: string) => [{ oid: `${FULCIO}.14`, value: text, legacy: true }];
    for (const text of [
      'refs/heads/main',
      // PrintableString, a length that is too short or too long, and one that is not the shortest.
      '\x13\x01a',
      '\x0c\x01ab',
      '\x0c\x03ab',
      '\x0c',
      '',
    ]) {
      expect([text, readClaim(await certificate(value(text)), 'sourceRef')]).toEqual([
        text,
        undefined,
      ]);
    }
  });

  test('is not a claim if the extension is there twice', async () => {
    const twice = await certificate([
      { oid: `${FULCIO}.14`, value: 'refs/heads/main' },
      { oid: `${FULCIO}.14`, value: 'refs/heads/other' },
    ]);
    expect(readClaim(twice, 'sourceRef')).toBeUndefined();
  });

  test('of DER in place of raw text is another value', async () => {
    const issued = await certificate([{ oid: `${FULCIO}.2`, value: 'push' }]);
    expect(readClaim(issued, 'githubWorkflowTrigger')).toBe('\x0c\x04push');
  });
});

describe('an image that a release workflow signed', () => {
  const PATTERN = String.raw`https://github\.com/octo-org/octo-repo/\.github/workflows/release\.yml@refs/tags/v.+`;
  let verify: (trusted: TrustedIdentity) => Promise<string>;

  beforeAll(async () => {
    const repository = freshRepository(lab);
    const image = await pushImage(lab, repository);
    const targets = [target(repository, image)];
    await signImage({ repository, targets, format: 'bundle', material: job(RELEASE) }, lab.client);
    verify = async (trusted) => {
      const requirements = policy({
        identities: [{ issuer: lab.sigstore.issuer.url, ...trusted }],
        transparency: 'log',
        trustedRoot: lab.trustedRoot,
      });
      try {
        await verifyImage(repository, image.digest, requirements, lab.client);
        return 'accepted';
      } catch (error) {
        return (error as Error).message;
      }
    };
  });

  test.each<[string, () => TrustedIdentity]>([
    ['a pattern', () => ({ identityPattern: PATTERN })],
    ['a pattern that is anchored already', () => ({ identityPattern: `^${PATTERN}$` })],
    [
      'a pattern of the issuer',
      () => ({
        identity: SUBJECT,
        issuer: undefined,
        issuerPattern: lab.sigstore.issuer.url.replaceAll('.', '\\.').replace(/\d+$/, '\\d+'),
      }),
    ],
    [
      'claims',
      () => ({
        identityPattern: PATTERN,
        claims: {
          sourceRepository: 'https://github.com/octo-org/octo-repo',
          runnerEnvironment: 'github-hosted',
          githubWorkflowTrigger: 'push',
        },
        claimPatterns: { sourceRef: 'refs/tags/v\\d+\\.\\d+\\.\\d+', sourceDigest: '[0-9a-f]{40}' },
      }),
    ],
  ])('is accepted by %s', async (_, trusted) => {
    expect(await verify(trusted())).toBe('accepted');
  });

  test.each<[string, TrustedIdentity, RegExp]>([
    ['a part of the subject', { identityPattern: 'octo-org/octo-repo' }, /another signer/],
    ['another account', { identityPattern: PATTERN.replace('octo-org', 'octo') }, /another signer/],
    ['an issuer that only begins so', { identity: SUBJECT, issuer: 'http://127.0.0.1' }, /another/],
    ['other letters', { identity: SUBJECT.toUpperCase() }, /another signer/],
    [
      'another ref',
      { identityPattern: PATTERN, claims: { sourceRef: 'refs/heads/main' } },
      /the claim sourceRef of its certificate is "refs\/tags\/v1\.2\.3", not "refs\/heads\/main"/,
    ],
    [
      'a pattern of another ref',
      { identityPattern: PATTERN, claimPatterns: { sourceRef: 'refs/tags/v2.*' } },
      /not text that matches "refs\/tags\/v2\.\*"/,
    ],
    [
      'a pattern of a part of a claim',
      { identityPattern: PATTERN, claimPatterns: { sourceRef: 'tags' } },
      /the claim sourceRef/,
    ],
    [
      'a claim that the certificate does not have',
      { identityPattern: PATTERN, claims: { deploymentEnvironment: 'production' } },
      /does not have the claim deploymentEnvironment/,
    ],
    [
      'one claim of two',
      {
        identityPattern: PATTERN,
        claims: { runnerEnvironment: 'github-hosted', buildTrigger: 'workflow_dispatch' },
      },
      /the claim buildTrigger/,
    ],
  ])('is refused by %s', async (_, trusted, reason) => {
    expect(await verify(trusted)).toMatch(reason);
  });

  test('is accepted if one of two identities with its name has the claims', async () => {
    const claims = { sourceRef: 'refs/heads/main' };
    expect(await verify({ identityPattern: PATTERN, claims })).not.toBe('accepted');
    expect(await verify({ identityPattern: PATTERN })).toBe('accepted');
  });
});
