import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GITLAB_CLAIMS } from '../../dev/identity';
import { type RealSigstore, startRealSigstore } from '../../dev/services';
import {
  attestImage,
  dockerGithubBuilder,
  githubActions,
  gitlabCi,
  inspectSignatures,
} from '../../src/core';
import { processHost } from '../../src/host/host';
import { CLAIMS as REUSABLE_CLAIMS } from '../provenance/support/github-job';
import { pushImage } from '../interop/support/images';
import { type Stack, startStack } from '../interop/support/stack';
import { publicMetadata } from './support/fulcio-config';
import { CLAIMS as GITHUB_CLAIMS } from './support/github-attest';

let stack: Stack;
let real: RealSigstore;
let trustedRoot: string;
beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
  const issuerUrl = stack.sigstore.issuer.url;
  const kinds = { github: 'github-workflow', gitlab: 'gitlab-pipeline' };
  const issuers = Object.entries(kinds).map(([path, CIProvider]) => {
    const url = `${issuerUrl}/${path}`;
    return [url, { IssuerURL: url, ClientID: 'sigstore', Type: 'ci-provider', CIProvider }];
  });
  real = await startRealSigstore({
    issuerUrl,
    fulcioConfig: {
      OIDCIssuers: Object.fromEntries(issuers) as Readonly<Record<string, object>>,
      CIIssuerMetadata: publicMetadata(),
    },
  });
  trustedRoot = join(stack.folder, 'real-root.json');
  await writeFile(trustedRoot, JSON.stringify(real.trustedRoot));
}, 180_000);
afterAll(async () => {
  await real.stop();
  await stack.close();
});

type Claims = Readonly<Record<string, string>>;
interface Case {
  readonly name: string;
  readonly issuer: 'github' | 'gitlab';
  readonly identity: ReturnType<typeof githubActions>;
  /** The token's claims. */
  readonly claims: Claims;
  /** Claims of another job, each of which must be refused, with the reason. */
  readonly others: Readonly<Record<string, readonly [claims: Claims, reason: RegExp]>>;
}

const REPOSITORY = /the claim sourceRepository of its certificate is/;
const REF = /the claim sourceRef of its certificate is/;
const RUNNER = /the claim runnerEnvironment of its certificate is "self-hosted"/;
const SUBJECT = /signed, but by another signer: identity "https:\/\/[^"]+" of "http[^"]+"$/;

const GITLAB: Claims = {
  ...GITLAB_CLAIMS,
  project_path: 'group/team/app',
  namespace_path: 'group/team',
  namespace_id: '72',
  ci_config_ref_uri: 'gitlab.com/group/team/app//.gitlab-ci.yml@refs/heads/main',
  sub: 'project_path:group/team/app:ref_type:branch:ref:main',
};
const BUILDER = 'docker/github-builder/.github/workflows/build.yml';

const CASES: readonly Case[] = [
  {
    name: 'githubActions',
    issuer: 'github',
    identity: githubActions({
      repository: 'octo-org/octo-repo',
      workflow: 'release.yml',
      ref: 'refs/tags/v*',
      runnerEnvironment: 'github-hosted',
    }),
    claims: GITHUB_CLAIMS,
    others: {
      repository: [{ repository: 'octo-org/fork' }, REPOSITORY],
      ref: [{ ref: 'refs/heads/main' }, REF],
      runner: [{ runner_environment: 'self-hosted' }, RUNNER],
      workflow: [
        { job_workflow_ref: GITHUB_CLAIMS.job_workflow_ref.replace('release', 'test') },
        SUBJECT,
      ],
    },
  },
  {
    name: 'githubActions with a reusable workflow at a commit',
    issuer: 'github',
    identity: githubActions({
      repository: 'octo-org/octo-repo',
      workflow: 'octo-org/workflows/.github/workflows/sign.yml',
      workflowRef: 'c'.repeat(40),
      ref: 'refs/heads/main',
    }),
    claims: {
      ...REUSABLE_CLAIMS,
      ref: 'refs/heads/main',
      job_workflow_ref: `octo-org/workflows/.github/workflows/sign.yml@${'c'.repeat(40)}`,
    },
    others: {
      repository: [{ repository: 'octo-org/fork' }, REPOSITORY],
      commit: [
        { job_workflow_ref: `octo-org/workflows/.github/workflows/sign.yml@${'d'.repeat(40)}` },
        SUBJECT,
      ],
    },
  },
  {
    name: 'dockerGithubBuilder',
    issuer: 'github',
    identity: dockerGithubBuilder({ repository: 'octo-org/octo-repo', ref: 'refs/heads/main' }),
    claims: {
      ...REUSABLE_CLAIMS,
      ref: 'refs/heads/main',
      job_workflow_ref: `${BUILDER}@refs/tags/v1.2.3`,
    },
    others: {
      repository: [{ repository: 'octo-org/fork' }, REPOSITORY],
      runner: [{ runner_environment: 'self-hosted' }, RUNNER],
      builder: [{ job_workflow_ref: `${BUILDER}@refs/heads/main` }, SUBJECT],
    },
  },
  {
    name: 'gitlabCi',
    issuer: 'gitlab',
    identity: gitlabCi({
      project: 'group/team/app',
      ref: 'refs/heads/main',
      runnerEnvironment: 'gitlab-hosted',
    }),
    claims: GITLAB,
    others: {
      // Another project with the same configuration.
      project: [{ project_path: 'group/team/other' }, REPOSITORY],
      ref: [{ ref: 'feature' }, REF],
      tag: [{ ref_type: 'tag' }, REF],
      runner: [{ runner_environment: 'self-hosted' }, RUNNER],
      'merge request': [
        {
          ci_config_ref_uri: 'gitlab.com/group/team/app//.gitlab-ci.yml@refs/merge-requests/1/head',
        },
        SUBJECT,
      ],
    },
  },
  {
    name: 'gitlabCi for tags, with another configuration',
    issuer: 'gitlab',
    identity: gitlabCi({
      project: 'group/team/app',
      ref: 'refs/tags/v*',
      configPath: 'ci/release.yml',
    }),
    claims: {
      ...GITLAB,
      ref: 'v1.2.0',
      ref_type: 'tag',
      ci_config_ref_uri: 'gitlab.com/group/team/app//ci/release.yml@refs/tags/v1.2.0',
    },
    others: {
      project: [{ project_path: 'group/team/other' }, REPOSITORY],
      branch: [{ ref_type: 'branch' }, REF],
    },
  },
  {
    name: "gitlabCi with a server of one's own and the public Fulcio",
    issuer: 'gitlab',
    identity: gitlabCi({
      project: 'group/team/app',
      ref: 'refs/heads/main',
      server: 'https://gitlab.example.com',
      claimServer: 'https://gitlab.com',
    }),
    claims: {
      ...GITLAB,
      ci_config_ref_uri: 'gitlab.example.com/group/team/app//.gitlab-ci.yml@refs/heads/main',
    },
    others: {
      project: [{ project_path: 'group/team/other' }, REPOSITORY],
      server: [{ ci_config_ref_uri: GITLAB['ci_config_ref_uri'] ?? '' }, SUBJECT],
    },
  },
];

/** Attests an image with a certificate of the real Fulcio, and verifies it with the identity of a preset. */
async function judged({ issuer, identity }: Case, claims: Claims) {
  const image = await pushImage(stack.registry.host);
  const url = `${stack.sigstore.issuer.url}/${issuer}`;
  const TOKEN = stack.sigstore.issuer.token({ claims: { ...claims, iss: url } });
  const { fulcioUrl, tsaUrl } = real;
  await attestImage(
    {
      image: image.reference,
      keyless: { provider: 'env', tokenEnv: 'TOKEN' },
      sigstore: { fulcioUrl, tsaUrl, trustedRoot },
      transparency: 'none',
      predicateType: 'custom',
      predicate: 'tested',
      format: 'bundle',
    },
    { host: { ...processHost(), env: { TOKEN } } },
  );
  return inspectSignatures(
    {
      image: image.reference,
      sigstore: { trustedRoot },
      require: [
        {
          name: 'test',
          predicateType: 'custom',
          // The issuer of this machine has another URL than that of the build system.
          identities: [{ ...identity, issuer: url }],
          transparency: 'timestamp',
        },
      ],
    },
    { host: processHost() },
  );
}

describe('presets accept certificates of the real Fulcio with the configuration of the public instance', () => {
  it.each(CASES.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    expect(await judged(each, each.claims)).toMatchObject({ verified: true, unmet: [] });
    for (const [claims, reason] of Object.values(each.others)) {
      const { verified, report } = await judged(each, { ...each.claims, ...claims });
      expect(verified).toBe(false);
      expect(report.requirements?.[0]).toMatchObject({
        code: 'VERIFY_SIGNER_MISMATCH',
        reason: expect.stringMatching(reason) as string,
      });
    }
  });
});
