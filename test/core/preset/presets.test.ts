import {
  dockerGithubBuilder,
  githubActions,
  gitlabCi,
  InvalidInputError,
  type PresetIdentity,
  tektonChains,
} from '../../../src/core';
import { compileCondition, identityProblems } from '../../../src/verify';
import { compilePattern } from '../../../src/verify/identity-pattern';

const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
const OWN = { repository: 'acme/app', workflow: 'release.yml', ref: 'refs/tags/v*' };

function problemsOf(preset: () => unknown): readonly string[] {
  try {
    preset();
  } catch (error) {
    if (error instanceof InvalidInputError) return error.problems.map(({ property }) => property);
    throw error;
  }
  return [];
}

function subjectMatches({ identity, identityPattern }: PresetIdentity, subject: string): boolean {
  if (identityPattern === undefined) return identity === subject;
  const compiled = compilePattern(identityPattern);
  return 'matches' in compiled && compiled.matches(subject);
}

test('a workflow of the own repository, for every tag of a version', () => {
  const signer = githubActions({ ...OWN, runnerEnvironment: 'github-hosted' });
  expect(signer).toEqual({
    identityPattern:
      'https://github\\.com/acme/app/\\.github/workflows/release\\.yml@refs/tags/v[^/]*',
    issuer: GITHUB_ISSUER,
    claims: {
      sourceRepository: 'https://github.com/acme/app',
      runnerEnvironment: 'github-hosted',
    },
    claimPatterns: { sourceRef: 'refs/tags/v[^/]*' },
  });
  expect(identityProblems(signer, 'identities[0]')).toEqual([]);
  const file = 'https://github.com/acme/app/.github/workflows/release.yml';
  expect(subjectMatches(signer, `${file}@refs/tags/v1.2.3`)).toBe(true);
  expect(subjectMatches(signer, `${file}@refs/tags/w1`)).toBe(false);
  expect(subjectMatches(signer, `${file}@refs/tags/v1/x`)).toBe(false);
  expect(subjectMatches(signer, `${file}@refs/heads/v1`)).toBe(false);
  expect(subjectMatches(signer, `${file.replace('.com', 'xcom')}@refs/tags/v1`)).toBe(false);
});

test('a workflow for one branch is an exact identity', () => {
  expect(githubActions({ ...OWN, ref: 'refs/heads/main' })).toEqual({
    identity: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
    issuer: GITHUB_ISSUER,
    claims: { sourceRepository: 'https://github.com/acme/app', sourceRef: 'refs/heads/main' },
  });
});

test('only the subject, for engines without claims', () => {
  expect(githubActions({ ...OWN, ref: 'refs/heads/main', subjectOnly: true })).toEqual({
    identity: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
    issuer: GITHUB_ISSUER,
  });
  expect(gitlabCi({ project: 'group/app', ref: 'refs/heads/main', subjectOnly: true })).toEqual({
    identity: 'https://gitlab.com/group/app//.gitlab-ci.yml@refs/heads/main',
    issuer: 'https://gitlab.com',
  });
});

test('the server in the claims of a certificate of GitLab CI may be another one', () => {
  const own = {
    project: 'group/app',
    ref: 'refs/heads/main',
    server: 'https://gitlab.example.com',
  };
  const signer = gitlabCi({ ...own, claimServer: 'https://gitlab.com' });
  expect(signer).toEqual({
    ...gitlabCi(own),
    claims: { sourceRepository: 'https://gitlab.com/group/app', sourceRef: 'refs/heads/main' },
  });
  expect(problemsOf(() => gitlabCi({ ...own, claimServer: 'gitlab.com' }))).toEqual([
    'claimServer',
  ]);
});

test("a reusable workflow of another repository has that workflow's reference and the caller's claims", () => {
  const signer = githubActions({
    ...OWN,
    workflow: 'acme/workflows/.github/workflows/sign.yml',
    workflowRef: 'refs/heads/main',
  });
  expect(signer).toEqual({
    identity: 'https://github.com/acme/workflows/.github/workflows/sign.yml@refs/heads/main',
    issuer: GITHUB_ISSUER,
    claims: { sourceRepository: 'https://github.com/acme/app' },
    claimPatterns: { sourceRef: 'refs/tags/v[^/]*' },
  });
});

test('a reusable workflow may be named by its commit', () => {
  const commit = 'a'.repeat(40);
  const workflow = 'acme/workflows/.github/workflows/sign.yml';
  expect(githubActions({ ...OWN, workflow, workflowRef: commit }).identity).toBe(
    `https://github.com/${workflow}@${commit}`,
  );
});

test('a pipeline of GitLab, also of a server of its own', () => {
  expect(
    gitlabCi({
      project: 'group/team/app',
      ref: 'refs/heads/release/**',
      configPath: 'ci/build.yml',
      server: 'https://gitlab.example.com',
      runnerEnvironment: 'self-hosted',
    }),
  ).toEqual({
    identityPattern:
      'https://gitlab\\.example\\.com/group/team/app//ci/build\\.yml@refs/heads/release/.*',
    issuer: 'https://gitlab.example.com',
    claims: {
      sourceRepository: 'https://gitlab.example.com/group/team/app',
      runnerEnvironment: 'self-hosted',
    },
    claimPatterns: { sourceRef: 'refs/heads/release/.*' },
  });
});

test("docker's builder for a repository that calls it", () => {
  const signer = dockerGithubBuilder({ repository: 'acme/app', ref: 'refs/heads/main' });
  expect(signer).toEqual({
    identityPattern:
      'https://github\\.com/docker/github-builder/\\.github/workflows/build\\.yml@refs/tags/v[^/]*',
    issuer: GITHUB_ISSUER,
    claims: {
      sourceRepository: 'https://github.com/acme/app',
      sourceRef: 'refs/heads/main',
      runnerEnvironment: 'github-hosted',
    },
  });
  expect(identityProblems(signer, 'identities[0]')).toEqual([]);
});

test.each([
  ['a reference that is no full one', () => githubActions({ ...OWN, ref: 'main' }), ['ref']],
  [
    'a repository without owner',
    () => githubActions({ ...OWN, repository: 'app' }),
    ['repository'],
  ],
  ['a path as workflow', () => githubActions({ ...OWN, workflow: 'a/b.yml' }), ['workflow']],
  [
    'a reusable workflow without its reference',
    () => githubActions({ ...OWN, workflow: 'acme/w/.github/workflows/sign.yml' }),
    ['workflowRef'],
  ],
  [
    'a reference of the own workflow',
    () => githubActions({ ...OWN, workflowRef: 'refs/heads/main' }),
    ['workflowRef'],
  ],
  [
    'everything at once',
    () => githubActions({ repository: '', workflow: '', ref: '', server: 'http://x', issuer: 'y' }),
    ['repository', 'workflow', 'ref', 'server', 'issuer'],
  ],
  [
    'a runner without claims',
    () => githubActions({ ...OWN, subjectOnly: true, runnerEnvironment: 'self-hosted' }),
    ['subjectOnly'],
  ],
  [
    'another repository without claims',
    () =>
      githubActions({
        ...OWN,
        workflow: 'acme/w/.github/workflows/sign.yml',
        workflowRef: 'refs/heads/main',
        subjectOnly: true,
      }),
    ['subjectOnly'],
  ],
  [
    'a project without group',
    () => gitlabCi({ project: 'app', ref: 'refs/heads/main' }),
    ['project'],
  ],
  [
    'an absolute path',
    () => gitlabCi({ project: 'a/b', ref: 'refs/heads/main', configPath: '/x.yml' }),
    ['configPath'],
  ],
  [
    'an unknown workflow of the builder',
    () =>
      dockerGithubBuilder({ repository: 'a/b', ref: 'refs/heads/main', workflow: 'x' as 'build' }),
    ['workflow'],
  ],
  ['an unknown version', () => tektonChains({ slsa: '2' as '1' }), ['slsa']],
  ['no URL as source', () => tektonChains({ source: 'acme/app' }), ['source']],
])('an error on the property: %s', (_title, preset, properties) => {
  expect(problemsOf(preset)).toEqual(properties);
});

describe('Tekton Chains', () => {
  const SIGNER = { kind: 'key', keyId: 'a', algorithm: 'ecdsa-p256' } as const;

  async function fault(condition: string, predicate: object): Promise<string | undefined> {
    return (await compileCondition(condition, 'condition')).fault({
      statement: { predicate },
      predicate,
      annotations: {},
      signer: SIGNER as never,
      now: new Date(),
    });
  }

  const v1 = (changes: object = {}, dependencies: object[] = []): object => ({
    buildDefinition: {
      buildType: 'https://tekton.dev/chains/v2/slsa',
      resolvedDependencies: [
        { uri: 'oci://registry.example.com/builder', digest: { sha256: 'a' } },
        ...dependencies,
      ],
      ...changes,
    },
    runDetails: { builder: { id: 'https://tekton.dev/chains/v2' } },
  });

  test('provenance of SLSA 1', async () => {
    const { condition, ...rest } = tektonChains();
    expect(rest).toEqual({ name: 'build', predicateType: 'slsaprovenance1' });
    expect(await fault(condition, v1())).toBeUndefined();
    expect(await fault(condition, v1({ buildType: 'https://example.com/other' }))).toBeDefined();
    expect(
      await fault(tektonChains({ builderId: 'https://ours.example.com' }).condition, v1()),
    ).toBeDefined();
  });

  test('the source that was built, with and without a revision', async () => {
    const { condition } = tektonChains({ source: 'https://github.com/acme/app' });
    const uri = 'git+https://github.com/acme/app.git';
    expect(await fault(condition, v1())).toBeDefined();
    for (const found of [uri, `${uri}@abc`])
      expect(await fault(condition, v1({}, [{ uri: found }]))).toBeUndefined();
    for (const other of ['git+https://github.com/acme/app-2.git', `${uri}x`])
      expect(await fault(condition, v1({}, [{ uri: other }]))).toBeDefined();
  });

  test('provenance of SLSA 0.2', async () => {
    const { condition, predicateType } = tektonChains({
      slsa: '0.2',
      source: 'https://github.com/acme/app.git',
    });
    expect(predicateType).toBe('slsaprovenance02');
    const predicate = {
      builder: { id: 'https://tekton.dev/chains/v2' },
      buildType: 'tekton.dev/v1/PipelineRun',
      materials: [{ uri: 'git+https://github.com/acme/app.git', digest: { sha1: 'a' } }],
    };
    expect(await fault(condition, predicate)).toBeUndefined();
    expect(
      await fault(condition, { ...predicate, buildType: 'tekton.dev/v1/Other' }),
    ).toBeDefined();
    expect(await fault(condition, { ...predicate, materials: [] })).toBeDefined();
  });
});
