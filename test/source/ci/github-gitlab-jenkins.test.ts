import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { detectSource } from '../../../src/source';
import { WorkTree } from '../work-tree';

const COMMIT = 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3';
/** A folder that is in no repository. */
const outside = mkdtempSync(join(realpathSync(tmpdir()), 'signed-image-outside-'));
afterAll(() => rmSync(outside, { recursive: true }));
const detect = (env: NodeJS.ProcessEnv, overrides = {}) =>
  detectSource({
    cwd: outside,
    env: { GIT_CEILING_DIRECTORIES: tmpdir(), ...env },
    overrides,
  });

const GITHUB = {
  GITHUB_ACTIONS: 'true',
  GITHUB_SHA: COMMIT,
  GITHUB_REF_NAME: 'main',
  GITHUB_REF_TYPE: 'branch',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'acme/app',
  GITHUB_RUN_ID: '7',
  GITHUB_RUN_ATTEMPT: '2',
  GITHUB_ACTOR: 'ada',
};

/** Here the CI system's word is all that there is. */
const NO_REPOSITORY = [expect.stringContaining('not in a git repository')];

describe('GitHub Actions', () => {
  test('returns all facts', async () => {
    expect(await detect({ ...GITHUB, RUNNER_ENVIRONMENT: 'github-hosted' })).toEqual({
      warnings: NO_REPOSITORY,
      commit: COMMIT,
      branch: 'main',
      repository: 'https://github.com/acme/app',
      builder: {
        id: 'signed-image+self-reported://github.com/github-actions/github-hosted',
        system: 'github-actions',
        invocation: 'https://github.com/acme/app/actions/runs/7/attempts/2',
        user: 'ada',
      },
    });
  });

  test('never claims a hosted runner that does not say it is one', async () => {
    expect((await detect(GITHUB)).builder.id).not.toContain('hosted');
    const selfHosted = await detect({ ...GITHUB, RUNNER_ENVIRONMENT: 'self-hosted' });
    expect(selfHosted.builder.id).toMatch(/\/self-hosted$/);
    const forged = await detect({ ...GITHUB, RUNNER_ENVIRONMENT: 'github-hosted/x' });
    expect(forged.builder.id).not.toContain('hosted');
  });

  test('on a tag there is a tag and no branch', async () => {
    const tag = { GITHUB_REF_NAME: 'v1', GITHUB_REF_TYPE: 'tag', GITHUB_HEAD_REF: '' };
    const facts = await detect({ ...GITHUB, ...tag, GITHUB_REF: 'refs/tags/v1' });
    expect(facts).toMatchObject({ tag: 'v1' });
    expect(facts).not.toHaveProperty('branch');
    expect(facts).not.toHaveProperty('ref');
  });

  test.each([
    ['another branch', { GITHUB_REF: 'refs/heads/main', GITHUB_REF_NAME: 'release' }],
    ['another tag', { GITHUB_REF: 'refs/tags/v1', GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v2' }],
    ['a tag', { GITHUB_REF: 'refs/heads/v1', GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1' }],
  ])('a ref that contradicts %s is refused, unless the ref is declared', async (_, changed) => {
    const env = { ...GITHUB, ...changed };
    await expect(detect(env)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      property: 'source.ref',
    });
    expect(await detect(env, { ref: 'refs/heads/main' })).toMatchObject({ branch: 'main' });
    expect(await detect(env, { branch: 'main' })).toMatchObject({ branch: 'main' });
  });

  test('an own server is named in repository and builder', async () => {
    const facts = await detect({ ...GITHUB, GITHUB_SERVER_URL: 'https://git.corp.example' });
    expect(facts.repository).toBe('https://git.corp.example/acme/app');
    expect(facts.builder.id).toBe('signed-image+self-reported://git.corp.example/github-actions');
  });

  test('a minimal environment returns the available facts', async () => {
    expect(await detect({ GITHUB_ACTIONS: 'true' })).toEqual({
      builder: {
        id: 'signed-image+self-reported://github.com/github-actions',
        system: 'github-actions',
      },
    });
  });
});

describe('GitLab CI', () => {
  const GITLAB = {
    GITLAB_CI: 'true',
    CI_COMMIT_SHA: COMMIT,
    CI_COMMIT_BRANCH: 'main',
    CI_COMMIT_REF_NAME: 'main',
    CI_PROJECT_URL: 'https://gitlab.example.com/acme/app',
    CI_JOB_URL: 'https://gitlab.example.com/acme/app/-/jobs/9',
    CI_SERVER_URL: 'https://gitlab.example.com',
    GITLAB_USER_LOGIN: 'ada',
  };

  test('returns all facts', async () => {
    expect(await detect(GITLAB)).toEqual({
      warnings: NO_REPOSITORY,
      commit: COMMIT,
      branch: 'main',
      repository: 'https://gitlab.example.com/acme/app',
      builder: {
        id: 'signed-image+self-reported://gitlab.example.com/gitlab-ci',
        system: 'gitlab-ci',
        invocation: 'https://gitlab.example.com/acme/app/-/jobs/9',
        user: 'ada',
      },
    });
  });

  test('knows a tag, and no branch where only the name of a ref is there, as in a request', async () => {
    const other = { CI_COMMIT_BRANCH: undefined, CI_COMMIT_REF_NAME: 'other' };
    expect(await detect({ ...GITLAB, ...other })).not.toHaveProperty('branch');
    const tag = { CI_COMMIT_BRANCH: undefined, CI_COMMIT_TAG: 'v1', CI_COMMIT_REF_NAME: 'v1' };
    const facts = await detect({ ...GITLAB, ...tag });
    expect(facts).toMatchObject({ tag: 'v1' });
    expect(facts).not.toHaveProperty('branch');
  });
});

describe('Jenkins', () => {
  const JENKINS = {
    JENKINS_URL: 'https://ci.example.com/',
    GIT_COMMIT: COMMIT,
    GIT_BRANCH: 'origin/release/1.x',
    GIT_URL: 'https://bot:s3cr3t-t0ken@git.example.com/acme/app.git',
    BUILD_URL: 'https://ci.example.com/job/app/3/',
    BUILD_USER_ID: 'ada',
    BUILD_USER: 'Ada L',
  };

  test('returns all facts, the URL without its credentials, the branch without its remote', async () => {
    expect(await detect(JENKINS)).toEqual({
      warnings: NO_REPOSITORY,
      commit: COMMIT,
      branch: 'release/1.x',
      repository: 'https://git.example.com/acme/app.git',
      builder: {
        id: 'signed-image+self-reported://ci.example.com/jenkins',
        system: 'jenkins',
        invocation: 'https://ci.example.com/job/app/3/',
        user: 'ada',
      },
    });
  });

  test('is detected by a build URL with the commit, not by the commit alone', async () => {
    const known = await detect({ GIT_COMMIT: COMMIT, BUILD_URL: 'https://ci.example.com/1/' });
    expect(known.builder.system).toBe('jenkins');
    expect((await detect({ GIT_COMMIT: COMMIT })).builder.system).toBe('none');
  });

  test.each([
    ['origin/main', 'main'],
    ['refs/remotes/origin/main', 'main'],
    ['refs/heads/main', 'main'],
    ['main', 'main'],
    ['upstream/main', 'main'],
    ['feature/x', 'feature/x'],
    ['origin/feature/x', 'feature/x'],
    ['detached', undefined],
  ])('reads the branch %s as %s', async (GIT_BRANCH, branch) => {
    expect((await detect({ ...JENKINS, GIT_BRANCH })).branch).toBe(branch);
  });

  test('without plug-ins the server may be unknown', async () => {
    const facts = await detect({ JENKINS_HOME: '/var/jenkins', JENKINS_URL: 'not a url' });
    expect(facts.builder.id).toBe('signed-image+self-reported://local/jenkins');
  });
});

describe('a CI system and git together', () => {
  let tree: WorkTree;
  beforeEach(() => {
    tree = new WorkTree();
  });
  afterEach(() => tree.remove());

  test('git adds the facts that the CI system omits, and detects a dirty tree', async () => {
    const commit = tree.committed();
    const env = { ...tree.env, GITHUB_ACTIONS: 'true' };
    const facts = await detectSource({ cwd: tree.folder, env });
    expect(facts).toMatchObject({ commit, branch: 'main', dirty: false });
    tree.write('a.txt', 'b');
    await expect(detectSource({ cwd: tree.folder, env })).rejects.toMatchObject({
      code: 'SOURCE_DIRTY',
    });
  });

  test('a malformed commit is ignored with a warning that does not contain it', async () => {
    const facts = await detect({ ...GITHUB, GITHUB_SHA: 'not-a-commit' });
    expect(facts).not.toHaveProperty('commit');
    expect(facts.warnings).toEqual([expect.not.stringContaining('not-a-commit')]);
  });

  test('a missing folder does not have facts', async () => {
    const facts = await detectSource({ cwd: join(tree.folder, 'gone'), env: tree.env });
    expect(facts.builder.system).toBe('none');
  });
});

describe('declared facts', () => {
  test('win over detected ones', async () => {
    const declared = {
      commit: 'B'.repeat(40),
      branch: 'declared',
      repository: 'git@git.example.com:acme/other.git',
      builder: 'https://builders.example.com/1',
    };
    const facts = await detect(GITHUB, declared);
    expect(facts).toMatchObject({
      commit: 'b'.repeat(40),
      branch: 'declared',
      repository: 'git@git.example.com:acme/other.git',
    });
    expect(facts.builder).toMatchObject({ id: declared.builder, user: 'ada' });
  });

  test('are all checked at once, and no value is repeated', async () => {
    const overrides = {
      commit: 'abc123',
      branch: 'two words',
      repository: 'ext::sh -c s3cr3t-t0ken',
      builder: 'https://u:s3cr3t-t0ken@example.com/',
    };
    const error = await detect({}, overrides).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'INPUT_INVALID',
      problems: [
        { property: 'source.commit' },
        { property: 'source.branch' },
        { property: 'source.repository' },
        { property: 'source.builder' },
      ],
      message: expect.not.stringContaining('s3cr3t-t0ken'),
    });
  });

  test.each([
    ['branch', 'refs/heads/main', 'refs/heads/'],
    ['branch', 'refs/pull/5/merge', 'refs/heads/'],
    ['tag', 'refs/tags/v1', 'refs/tags/'],
  ])('a full ref is not the name of a %s: %s', async (fact, text, prefix) => {
    await expect(detect({}, { [fact]: text })).rejects.toMatchObject({
      property: `source.${fact}`,
      message: expect.stringContaining(`without \`${prefix}\``),
    });
  });

  test.each(['a'.repeat(64), 'A'.repeat(40)])('a commit may be %s', async (commit) => {
    expect((await detect({}, { commit })).commit).toBe(commit.toLowerCase());
  });

  test.each(['', 'words only', 'nocolon', 'https://', 'a:\u0000'])(
    'the builder %j is not a URI',
    async (builder) => {
      await expect(detect({}, { builder })).rejects.toMatchObject({ property: 'source.builder' });
    },
  );

  test('a hosted builder can be claimed only where it runs', async () => {
    const builder = 'https://github.com/actions/runner/github-hosted';
    await expect(detect({}, { builder })).rejects.toMatchObject({ property: 'source.builder' });
    await expect(detect(GITHUB, { builder })).rejects.toThrow(/hosted builder/);
    const hosted = { ...GITHUB, RUNNER_ENVIRONMENT: 'github-hosted' };
    expect((await detect(hosted, { builder })).builder.id).toBe(builder);
    for (const imitation of ['GITEA_ACTIONS', 'FORGEJO_ACTIONS']) {
      const env = { ...hosted, [imitation]: 'true' };
      await expect(detect(env, { builder })).rejects.toThrow(/hosted builder/);
    }
    const other = { builder: 'https://cloudbuild.googleapis.com/GoogleHostedWorker' };
    await expect(detect(hosted, other)).rejects.toMatchObject({ property: 'source.builder' });
  });
});
