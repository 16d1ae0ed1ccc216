import { createRegistryClient } from '../../src/oci';
import { pushImage } from '../interop/support/images';
import { type Stack, startStack } from '../interop/support/stack';
import { ghArguments, ghAttestationVerify } from './support/gh';
import { BUILDER, CLAIMS, signedBundle, statementOf } from './support/github-job';
import { publicSlsaVerifier, slsaVerifier } from './support/slsa-verifier';

let stack: Stack;
const client = createRegistryClient({ dockerConfig: 'none' });

beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
});
afterAll(async () => {
  await client.close();
  await stack.close();
});

test.each([
  ['source', { source: 'github.com/octo-org/other' }, /expected source/],
  ['builder', { builder: BUILDER.replace('release_ruleset', 'other') }, /untrusted|mismatch/i],
])(
  'slsa-verifier refuses another %s',
  async (_, { source, builder }: { source?: string; builder?: string }, message) => {
    const image = await pushImage(stack.registry.host);
    const bundle = await signedBundle({ stack, client }, image, statementOf(image));
    const { code, stderr } = await slsaVerifier(stack, image, bundle, source, builder);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  },
);

test('slsa-verifier refuses the statement of another artifact', async () => {
  const [image, other] = [
    await pushImage(stack.registry.host),
    await pushImage(stack.registry.host),
  ];
  const bundle = await signedBundle({ stack, client }, image, statementOf(image));
  const { code, stderr } = await slsaVerifier(stack, other, bundle);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/expected hash/);
});

test('slsa-verifier itself does not accept the private trusted root', async () => {
  const image = await pushImage(stack.registry.host);
  const bundle = await signedBundle({ stack, client }, image, statementOf(image));
  const { code } = await publicSlsaVerifier(stack, image, bundle);
  expect(code).not.toBe(0);
});

/** A job whose workflow is in the repository itself, as most are. */
const OWN = {
  ...CLAIMS,
  job_workflow_ref: CLAIMS.workflow_ref,
  job_workflow_sha: CLAIMS.workflow_sha,
};

describe('gh attestation verify', () => {
  test('accepts the statement of a workflow in the repository with --repo alone', async () => {
    const image = await pushImage(stack.registry.host);
    await signedBundle({ stack, client }, image, statementOf(image, OWN), OWN);
    const args = [`oci://${image.reference}`, '--bundle-from-oci', '--repo', OWN.repository];
    const { code, stdout, stderr } = await ghAttestationVerify(stack, [...args, '--format=json']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const [verified] = JSON.parse(stdout) as [
      { verificationResult: { statement: { predicate: object }; signature: object } },
    ];
    expect(verified.verificationResult).toMatchObject({
      statement: { predicate: statementOf(image, OWN).predicate },
      signature: {
        certificate: {
          sourceRepositoryURI: `https://github.com/${OWN.repository}`,
          sourceRepositoryDigest: OWN.sha,
          sourceRepositoryRef: OWN.ref,
          runnerEnvironment: OWN.runner_environment,
        },
      },
    });
  });

  test('accepts the bundle in a file', async () => {
    const image = await pushImage(stack.registry.host);
    const bundle = await signedBundle({ stack, client }, image, statementOf(image, OWN), OWN);
    const args = [`oci://${image.reference}`, '--bundle', bundle, '--owner', OWN.repository_owner];
    const { code, stderr } = await ghAttestationVerify(stack, args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });

  test.each([
    ['repository', { repository: 'octo-org/other' }, /SourceRepositoryURI/],
    ['commit', { sha: 'b'.repeat(40) }, /SourceRepositoryDigest/],
    ['ref', { ref: 'refs/heads/other' }, /SourceRepositoryRef/],
    [
      'signer workflow',
      { job_workflow_ref: 'octo-org/octo-repo/.github/workflows/x.yml@refs/heads/main' },
      /verifying with issuer/,
    ],
  ])('refuses another %s', async (_, expected, message) => {
    const image = await pushImage(stack.registry.host);
    await signedBundle({ stack, client }, image, statementOf(image));
    const args = ghArguments(image, { ...CLAIMS, ...expected });
    const { code, stderr } = await ghAttestationVerify(stack, args);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });

  test('refuses the statement of another image, and one of an unknown certificate authority', async () => {
    const image = await pushImage(stack.registry.host);
    const other = await pushImage(stack.registry.host);
    const bundle = await signedBundle({ stack, client }, image, statementOf(image, OWN), OWN);
    const from = ['--bundle', bundle, '--repo', OWN.repository];
    expect(
      await ghAttestationVerify(stack, [`oci://${other.reference}`, ...from]),
    ).not.toMatchObject({ code: 0 });
    const elsewhere = await startStack({ referrersApi: true });
    try {
      const root = { ...stack, trustedRoot: elsewhere.trustedRoot };
      const run = await ghAttestationVerify(root, [`oci://${image.reference}`, ...from]);
      expect(run.code).not.toBe(0);
    } finally {
      await elsewhere.close();
    }
  });
});
