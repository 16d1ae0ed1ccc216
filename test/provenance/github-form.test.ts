import { GITHUB_ISSUER } from '../../dev/sigstore';
import { BUILD_TYPE, GITHUB_BUILD_TYPE } from '../../src/attest';
import { inspectSignatures } from '../../src/core';
import { createRegistryClient, parseDigest, parseReference } from '../../src/oci';
import { type ProvenanceExpectation, verifyImage } from '../../src/verify';
import { type PushedImage, pushImage } from '../interop/support/images';
import { trustedRootOf } from '../interop/support/signers';
import { type Stack, startStack } from '../interop/support/stack';
import {
  BUILDER,
  CLAIMS,
  claimsOf,
  EVENT_CLAIMS,
  IDENTITY,
  signedBundle,
  statementOf,
} from './support/github-job';
import { ghArguments, ghAttestationVerify } from './support/gh';
import { IS_SAMPLE } from './support/sample';
import { schemaProblems } from './support/schema';
import { slsaVerifier } from './support/slsa-verifier';
import { validatedByInToto } from './support/slsa-tools';
import { record } from './support/table';

let stack: Stack;
const client = createRegistryClient({ dockerConfig: 'none' });

beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
});
afterAll(async () => {
  await client.close();
  await stack.close();
});

async function verifyOurselves(image: PushedImage, provenance: ProvenanceExpectation) {
  const { repository } = parseReference(image.repository);
  return verifyImage(
    repository,
    parseDigest(image.digest),
    {
      keys: [],
      identities: [{ identity: IDENTITY, issuer: GITHUB_ISSUER }],
      annotations: {},
      format: 'bundle',
      transparency: 'log',
      provenance,
      trustedRoot: trustedRootOf(stack),
      platforms: true,
    },
    client,
  );
}

function inspectAttestation(image: PushedImage) {
  return inspectSignatures({
    image: image.reference,
    predicateType: 'slsaprovenance1',
    identities: [{ identity: IDENTITY, issuer: GITHUB_ISSUER }],
    sigstore: { trustedRoot: stack.trustedRoot },
  });
}

beforeAll(() => {
  if (IS_SAMPLE) return;
  record({
    kind: 'note',
    text:
      'slsa-verifier v2.7.1 accepts this build type only from workflows in its own list; the certificates of these tests are of one of ' +
      'them, and the trusted root is private. All other checks of verify-github-attestation ran unchanged.',
  });
  record({
    kind: 'note',
    text:
      'gh v2.83.2 is unmodified: `gh attestation verify oci://IMAGE --bundle-from-oci --custom-trusted-root FILE`, with the repository, ' +
      'signer workflow, commit and ref of the job, and without a login or a connection to GitHub.',
  });
});

test.each(Object.keys(EVENT_CLAIMS) as (keyof typeof EVENT_CLAIMS)[])(
  'a statement in the form of GitHub is accepted by all: %s',
  async (event) => {
    const image = await pushImage(stack.registry.host);
    const claims = claimsOf(event);
    const statement = statementOf(image, claims);
    const bundle = await signedBundle({ stack, client }, image, statement, claims);
    const cosign = await stack.cosign([
      'verify-attestation',
      ...['--type', 'slsaprovenance1'],
      ...['--certificate-identity', IDENTITY, '--certificate-oidc-issuer', GITHUB_ISSUER],
      ...['--certificate-github-workflow-repository', CLAIMS.repository],
      ...['--certificate-github-workflow-sha', CLAIMS.sha],
      ...['--trusted-root', stack.trustedRoot],
      image.reference,
    ]);
    // The sample is without the programs that take long to compile.
    const slsa = IS_SAMPLE ? undefined : await slsaVerifier(stack, image, bundle);
    const gh = IS_SAMPLE ? undefined : await ghAttestationVerify(stack, ghArguments(image, claims));
    const ours = await verifyOurselves(image, {
      builderId: IDENTITY,
      buildType: GITHUB_BUILD_TYPE,
      commit: CLAIMS.sha,
    });
    const checks: readonly (readonly [string, boolean])[] = [
      ['schema', schemaProblems(statement).length === 0],
      ['in-toto', (await validatedByInToto([statement]))[0] === 'ok'],
      ['cosign', cosign.code === 0],
      ...(slsa && gh
        ? ([
            ['slsa-verifier', slsa.code === 0],
            ['gh', gh.code === 0],
          ] as const)
        : []),
      ['signed-image', ours.verified],
    ];
    const refused = checks.filter(([, accepted]) => !accepted).map(([name]) => name);
    record({
      kind: 'statement',
      system: 'github-actions',
      event,
      form: 'github',
      acceptedBy: refused.length === 0 ? checks.map(([name]) => name) : [],
    });
    expect([cosign.stderr, slsa?.stderr, gh?.stderr, refused]).toEqual([
      expect.anything(),
      slsa && expect.stringContaining('PASSED'),
      gh && expect.anything(),
      [],
    ]);
    if (slsa) expect(slsa.stdout).toContain(BUILDER);
  },
);

test.each([
  ['commit', { sha: 'b'.repeat(40) }, /commit/],
  ['source repository', { repository: 'octo-org/other' }, /repository/],
  ['ref', { ref: 'refs/heads/main' }, /source/],
  [
    'builder',
    { job_workflow_ref: 'octo-org/octo-repo/.github/workflows/x.yml@refs/heads/main' },
    /builder/,
  ],
])(
  'we refuse a statement whose %s is not that of the certificate, whatever is expected',
  async (_, changed, message) => {
    const image = await pushImage(stack.registry.host);
    await signedBundle({ stack, client }, image, statementOf(image, changed));
    const verified = verifyOurselves(image, {});
    await expect(verified).rejects.toMatchObject({ code: 'VERIFY_PROVENANCE_MISMATCH' });
    await expect(verified).rejects.toThrow(message);
    // The same as an attestation of this type.
    const attestation = await inspectAttestation(image);
    expect(attestation).toMatchObject({ verified: false });
    expect(attestation.unmet[0]).toMatch(/VERIFY_PROVENANCE_MISMATCH/);
  },
);

test('we accept it as an attestation of its predicate type', async () => {
  const image = await pushImage(stack.registry.host);
  await signedBundle({ stack, client }, image, statementOf(image));
  expect(await inspectAttestation(image)).toMatchObject({ verified: true, unmet: [] });
});

test('we accept it by its own build type and commit only', async () => {
  const image = await pushImage(stack.registry.host);
  await signedBundle({ stack, client }, image, statementOf(image));
  expect((await verifyOurselves(image, { buildType: GITHUB_BUILD_TYPE })).verified).toBe(true);
  for (const other of [{ buildType: BUILD_TYPE }, { commit: 'b'.repeat(40) }]) {
    await expect(verifyOurselves(image, other)).rejects.toMatchObject({
      code: 'VERIFY_PROVENANCE_MISMATCH',
    });
  }
});
