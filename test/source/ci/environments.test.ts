import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { annotationsOf, detectSource } from '../../../src/source';
import { CI_SYSTEMS } from '../../../src/source/ci/registry';
import { parseProperties } from '../../../src/source/ci/teamcity-parameters';
import { WorkTree } from '../work-tree';
import { CASES, environmentIn, recorded, recordedSystems } from './recorded';

const RECORDED_COMMIT = 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3';
/** A folder that is in no repository. */
const outside = mkdtempSync(join(realpathSync(tmpdir()), 'signed-image-environments-'));
afterAll(() => rmSync(outside, { recursive: true }));

const CEILING = { GIT_CEILING_DIRECTORIES: tmpdir() };

test('every CI system has recorded environments and documentation', () => {
  expect(CI_SYSTEMS.map(({ name }) => name as string).sort()).toEqual(recordedSystems());
  for (const { documentation } of CI_SYSTEMS)
    expect(new URL(documentation).protocol).toBe('https:');
});

describe.each(CASES)('%s, %s', (system, event) => {
  const environment = recorded(system, event);
  const variables = environmentIn(join(outside, system, event), environment);

  test('returns the expected facts', async () => {
    const facts = await detectSource({ cwd: outside, env: { ...CEILING, ...variables } });
    expect({ ...facts, warnings: undefined }).toEqual({
      ...environment.facts,
      warnings: undefined,
    });
  });

  test('is recognized by one detector only, or by that of a system that it imitates', () => {
    const found = CI_SYSTEMS.filter(({ detect }) => detect(variables, { remotes: [] }));
    const imitated = { 'gitea-actions': 1, 'forgejo-actions': 2 }[system as string] ?? 0;
    expect(found[0]?.name).toBe(system);
    expect(found).toHaveLength(1 + imitated);
  });
});

describe('in a checkout of the commit on a branch `main`', () => {
  let tree: WorkTree;
  let commit: string;
  beforeAll(() => {
    tree = new WorkTree();
    commit = tree.committed();
    tree.git('remote', 'add', 'origin', 'https://git.example.com/acme/app');
  });
  afterAll(() => tree.remove());

  test.each(CI_SYSTEMS)(
    'the branch of a fork is not recorded as one of this repository: $name',
    async ({ name }) => {
      const environment = recorded(name, 'fork');
      const text = JSON.stringify(environment).replaceAll(RECORDED_COMMIT, commit);
      const variables = environmentIn(
        join(outside, name, 'checkout'),
        JSON.parse(text) as typeof environment,
      );
      const facts = await detectSource({ cwd: tree.folder, env: { ...tree.env, ...variables } });
      expect(facts).toMatchObject({ commit, dirty: false });
      expect(facts).not.toHaveProperty('branch');
      expect(annotationsOf(facts)).not.toHaveProperty('branch');
      expect(facts.repository).not.toContain('evil');
    },
  );
});

describe('of several systems', () => {
  const facts = (...systems: readonly string[]) => {
    const env = Object.assign(
      {},
      ...systems.map((name) => recorded(name, 'push').variables),
    ) as Readonly<Record<string, string>>;
    return detectSource({ cwd: outside, env: { ...CEILING, ...env } });
  };

  test.each([
    ['aws-codebuild', 'github-actions'],
    ['aws-codebuild', 'buildkite'],
    ['google-cloud-build', 'gitlab-ci'],
    ['argo-workflows', 'jenkins'],
    ['tekton', 'jenkins'],
    ['jenkins', 'gitlab-ci'],
    ['gitea-actions', 'forgejo-actions'],
  ])('a job of %s that also has the variables of %s is one of the latter', async (host, job) => {
    expect((await facts(host, job)).builder.system).toBe(job);
    expect((await facts(job, host)).builder.system).toBe(job);
  });
});

describe('a branch is not recorded', () => {
  const factsWith = (system: string, changed: NodeJS.ProcessEnv) =>
    detectSource({
      cwd: outside,
      env: { ...CEILING, ...recorded(system, 'push').variables, ...changed },
    });

  test.each([
    ['google-cloud-build', 'a choice of substitutions is mapped', { TRIGGER_NAME: undefined }],
    ['circleci', 'the project is not connected by OAuth', { CIRCLE_REPOSITORY_URL: undefined }],
    [
      'teamcity',
      'the file of parameters cannot be read',
      { TEAMCITY_BUILD_PROPERTIES_FILE: '/no' },
    ],
    ['semaphore', 'only the head of a request is set', { SEMAPHORE_GIT_PR_SLUG: 'evil/app' }],
    ['drone', 'a build of a request is promoted', { DRONE_COMMIT_REF: 'refs/pull/5/head' }],
    ['azure-pipelines', 'the ref is one of a request', { BUILD_SOURCEBRANCH: 'refs/pull/5/merge' }],
    [
      'buildkite',
      'the head is a repository that differs by case only',
      {
        BUILDKITE_PULL_REQUEST: '5',
        BUILDKITE_PULL_REQUEST_REPO: 'git://github.com/Acme/app.git',
      },
    ],
    ['travis', 'the event is a request', { TRAVIS_EVENT_TYPE: 'pull_request' }],
    ['pulumi-deployments', 'a request has started the deployment', { PULUMI_PR_NUMBER: '5' }],
  ])('in %s if %s', async (system, _, changed) => {
    const facts = await factsWith(system, changed);
    expect(facts.builder.system).toBe(system);
    expect(facts).not.toHaveProperty('branch');
  });
});

test.each([
  ['a\\=b=c', { 'a=b': 'c' }],
  ['url=https\\://host/a\\\\b', { url: 'https://host/a\\b' }],
  ['# comment=1\n! other=2\nkey : value', { key: 'value' }],
  ['name=\\u00e9\\n', { name: '\u00e9\n' }],
])('properties are read as java.util.Properties writes them: %j', (text, expected) => {
  expect(parseProperties(text)).toEqual(expected);
});
