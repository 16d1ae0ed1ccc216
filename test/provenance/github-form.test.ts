import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GITHUB_ISSUER } from '../../dev/sigstore';
import {
  BUILD_TYPE,
  GITHUB_BUILD_TYPE,
  githubProvenanceStatement,
  type ProvenancePredicate,
  type Statement as AttestedStatement,
} from '../../src/attest';
import { createRegistryClient, parseDigest, parseReference } from '../../src/oci';
import {
  createSigningMaterial,
  processHost,
  signImage,
  type SigningInputs,
  type SigningHost,
} from '../../src/sign';
import { parseGithubClaims } from '../../src/source';
import { type ProvenanceExpectation, verifyImage } from '../../src/verify';
import { type PushedImage, pushImage } from '../interop/support/images';
import { trustedRootOf } from '../interop/support/signers';
import { type Stack, startStack } from '../interop/support/stack';
import { runTool } from '../interop/support/tools';
import { schemaProblems } from './support/schema';
import { slsaTool, validatedByInToto } from './support/slsa-tools';
import { record } from './support/table';

/**
 * A builder whose statements of GitHub's build type slsa-verifier accepts: it has a fixed list of such workflows, all of
 * which are reusable ones (`buildTypeMap` of slsa-verifier v2.7.1).
 */
const BUILDER = 'https://github.com/bazel-contrib/.github/.github/workflows/release_ruleset.yaml';
const RELEASE = 'refs/tags/v1.2.0';

const CLAIMS = {
  iss: GITHUB_ISSUER,
  sub: `repo:octo-org/octo-repo:ref:${RELEASE}`,
  job_workflow_ref: `${BUILDER.slice('https://github.com/'.length)}@refs/tags/v7.2.3`,
  job_workflow_sha: 'c'.repeat(40),
  workflow_ref: `octo-org/octo-repo/.github/workflows/release.yml@${RELEASE}`,
  workflow_sha: '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567',
  workflow: 'release',
  event_name: 'push',
  repository: 'octo-org/octo-repo',
  repository_id: '74',
  repository_owner: 'octo-org',
  repository_owner_id: '65',
  repository_visibility: 'public',
  ref: RELEASE,
  sha: '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567',
  runner_environment: 'github-hosted',
  run_id: '1234567890',
  run_attempt: '1',
};
/** The claims that differ by event. A pull request of a fork never gets a token. */
const EVENT_CLAIMS = {
  push: { ref: 'refs/heads/main', event_name: 'push' },
  tag: { ref: RELEASE, event_name: 'push' },
  'pull-request': { ref: 'refs/pull/5/merge', event_name: 'pull_request', head_ref: 'feature' },
  manual: { ref: 'refs/heads/main', event_name: 'workflow_dispatch' },
  scheduled: { ref: 'refs/heads/main', event_name: 'schedule' },
} as const;

function claimsOf(event: keyof typeof EVENT_CLAIMS): typeof CLAIMS {
  const { ref, ...rest } = EVENT_CLAIMS[event];
  const workflow = `octo-org/octo-repo/.github/workflows/release.yml@${ref}`;
  return { ...CLAIMS, ...rest, ref, workflow_ref: workflow };
}

const IDENTITY = `https://github.com/${CLAIMS.job_workflow_ref}`;
const SOURCE = 'github.com/octo-org/octo-repo';

let stack: Stack;
const client = createRegistryClient({ dockerConfig: 'none' });

beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
});
afterAll(async () => {
  await client.close();
  await stack.close();
});

type Statement = AttestedStatement<ProvenancePredicate>;

function statementOf({ repository, digest }: PushedImage, changed = {}): Statement {
  const claims = parseGithubClaims({ ...CLAIMS, ...changed });
  if (!claims) throw new Error('a claim is missing');
  const job = { server: 'https://github.com', claims };
  return githubProvenanceStatement(parseDigest(digest), parseReference(repository).repository, job);
}

/** Signs a statement with the identity token of the job, and returns its bundle as a file. */
async function signedBundle(
  image: PushedImage,
  provenance: Statement,
  claims = CLAIMS,
): Promise<string> {
  const host: SigningHost = {
    ...processHost(),
    env: { GITHUB_ACTIONS: 'true', ...stack.sigstore.issuer.actionsEnvironment(claims) },
  };
  const { fulcioUrl, rekorUrl } = stack.sigstore;
  const config: SigningInputs = {
    keyless: { provider: 'github-actions' },
    sigstore: { fulcioUrl, rekorUrl },
  };
  const material = await createSigningMaterial(config, host);
  const { repository } = parseReference(image.repository);
  const { mediaType, digest, size } = image;
  const manifest = { mediaType, digest: parseDigest(digest), size };
  const targets = [{ manifest, annotations: {}, provenance }];
  const bundles: string[] = [];
  await signImage({ repository, targets, format: 'bundle', material }, client, undefined, {
    observer: {
      writing: () => undefined,
      settled: ({ purpose, bundle }) => {
        if (purpose === 'provenance') bundles.push(JSON.stringify(bundle));
      },
    },
  });
  const path = join(stack.folder, `${digest.slice(-12)}.sigstore.json`);
  await writeFile(path, bundles[0] ?? '');
  return path;
}

/** The manifest's bytes, whose digest is the subject. */
async function manifestFile({ repository, digest }: PushedImage): Promise<string> {
  const [host = '', ...path] = repository.split('/');
  const answer = await fetch(`http://${host}/v2/${path.join('/')}/manifests/${digest}`, {
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  const file = join(stack.folder, `${digest.slice(-12)}.json`);
  await writeFile(file, Buffer.from(await answer.arrayBuffer()));
  return file;
}

/** Offline: whatever is not on this machine is refused at once. */
const OFFLINE = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };

async function slsaVerifier(
  image: PushedImage,
  bundle: string,
  source = SOURCE,
  builder = BUILDER,
) {
  const artifact = await manifestFile(image);
  return runTool(
    slsaTool('slsa-verifier-private'),
    [stack.trustedRoot, bundle, source, builder, artifact],
    { env: { ...OFFLINE, HOME: stack.folder } },
  );
}

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

beforeAll(() =>
  record({
    kind: 'note',
    text:
      'slsa-verifier v2.7.1 accepts this build type only from workflows in its own list; the certificates of these tests are of one of ' +
      'them, and the trusted root is private. All other checks of verify-github-attestation ran unchanged.',
  }),
);

test.each(Object.keys(EVENT_CLAIMS) as (keyof typeof EVENT_CLAIMS)[])(
  'a statement in the form of GitHub is accepted by all: %s',
  async (event) => {
    const image = await pushImage(stack.registry.host);
    const claims = claimsOf(event);
    const statement = statementOf(image, claims);
    const bundle = await signedBundle(image, statement, claims);
    const cosign = await stack.cosign([
      'verify-attestation',
      ...['--type', 'slsaprovenance1'],
      ...['--certificate-identity', IDENTITY, '--certificate-oidc-issuer', GITHUB_ISSUER],
      ...['--certificate-github-workflow-repository', CLAIMS.repository],
      ...['--certificate-github-workflow-sha', CLAIMS.sha],
      ...['--trusted-root', stack.trustedRoot],
      image.reference,
    ]);
    const slsa = await slsaVerifier(image, bundle);
    const ours = await verifyOurselves(image, {
      builderId: IDENTITY,
      buildType: GITHUB_BUILD_TYPE,
      commit: CLAIMS.sha,
    });
    const checks: readonly (readonly [string, boolean])[] = [
      ['schema', schemaProblems(statement).length === 0],
      ['in-toto', (await validatedByInToto([statement]))[0] === 'ok'],
      ['cosign', cosign.code === 0],
      ['slsa-verifier', slsa.code === 0],
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
    expect([cosign.stderr, slsa.stderr, refused]).toEqual([
      expect.anything(),
      expect.stringContaining('PASSED'),
      [],
    ]);
    expect(slsa.stdout).toContain(BUILDER);
  },
);

test.each([
  ['source', { source: 'github.com/octo-org/other' }, /expected source/],
  ['builder', { builder: BUILDER.replace('release_ruleset', 'other') }, /untrusted|mismatch/i],
])(
  'slsa-verifier refuses another %s',
  async (_, { source, builder }: { source?: string; builder?: string }, message) => {
    const image = await pushImage(stack.registry.host);
    const bundle = await signedBundle(image, statementOf(image));
    const { code, stderr } = await slsaVerifier(image, bundle, source, builder);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  },
);

test('slsa-verifier refuses the statement of another artifact', async () => {
  const [image, other] = [
    await pushImage(stack.registry.host),
    await pushImage(stack.registry.host),
  ];
  const bundle = await signedBundle(image, statementOf(image));
  const { code, stderr } = await slsaVerifier(other, bundle);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/expected hash/);
});

test('slsa-verifier itself does not accept the private trusted root', async () => {
  const image = await pushImage(stack.registry.host);
  const bundle = await signedBundle(image, statementOf(image));
  const { code } = await runTool(
    slsaTool('slsa-verifier'),
    [
      'verify-github-attestation',
      ...['--attestation-path', bundle, '--source-uri', SOURCE, '--builder-id', BUILDER],
      await manifestFile(image),
    ],
    { env: { ...OFFLINE, HOME: stack.folder } },
  );
  expect(code).not.toBe(0);
});

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
    await signedBundle(image, statementOf(image, changed));
    const verified = verifyOurselves(image, {});
    await expect(verified).rejects.toMatchObject({ code: 'VERIFY_PROVENANCE_MISMATCH' });
    await expect(verified).rejects.toThrow(message);
  },
);

test('we accept it by its own build type and commit only', async () => {
  const image = await pushImage(stack.registry.host);
  await signedBundle(image, statementOf(image));
  expect((await verifyOurselves(image, { buildType: GITHUB_BUILD_TYPE })).verified).toBe(true);
  for (const other of [{ buildType: BUILD_TYPE }, { commit: 'b'.repeat(40) }]) {
    await expect(verifyOurselves(image, other)).rejects.toMatchObject({
      code: 'VERIFY_PROVENANCE_MISMATCH',
    });
  }
});
