import { tmpdir } from 'node:os';

import { annotationsOf, detectSource, type SourceFacts } from '../../../src/source';
import { WorkTree } from '../work-tree';

const COMMIT = 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3';

let tree: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
});
afterEach(() => tree.remove());

const detect = (env: NodeJS.ProcessEnv) =>
  detectSource({
    cwd: tree.folder,
    env: { ...tree.env, GIT_CEILING_DIRECTORIES: tmpdir(), ...env },
  });

function expectNoBranch(facts: SourceFacts): void {
  expect(facts).not.toHaveProperty('branch');
  expect(annotationsOf(facts)).not.toHaveProperty('branch');
}

describe('a pull request in GitHub Actions', () => {
  const PULL = {
    GITHUB_ACTIONS: 'true',
    GITHUB_SHA: COMMIT,
    GITHUB_EVENT_NAME: 'pull_request',
    GITHUB_REF: 'refs/pull/5/merge',
    GITHUB_REF_NAME: '5/merge',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_HEAD_REF: 'main',
    GITHUB_BASE_REF: 'main',
    GITHUB_REPOSITORY: 'acme/app',
  };

  const event = (head: unknown): NodeJS.ProcessEnv => {
    tree.write('event.json', JSON.stringify({ pull_request: { number: 5, head } }));
    return { ...PULL, GITHUB_EVENT_PATH: tree.at('event.json') };
  };
  const repo = (name: string) => ({
    full_name: name,
    html_url: `https://canary-user:canary-token@github.com/${name}`,
  });

  test('has its ref, and does not have a branch unless the head is known to be in this repository', async () => {
    const facts = await detect(PULL);
    expect(facts).toMatchObject({ commit: COMMIT, ref: 'refs/pull/5/merge' });
    expect(annotationsOf(facts)).toMatchObject({ ref: 'refs/pull/5/merge' });
    expectNoBranch(facts);
  });

  test('is known by its ref or its head alone', async () => {
    for (const name of ['GITHUB_HEAD_REF', 'GITHUB_REF', 'GITHUB_EVENT_NAME']) {
      const others = { GITHUB_HEAD_REF: '', GITHUB_REF: '', GITHUB_EVENT_NAME: '' };
      const env = { ...PULL, ...others, [name]: PULL[name as keyof typeof PULL] };
      expectNoBranch(await detect(env));
    }
  });

  test('from a fork has the fork as its head repository', async () => {
    const facts = await detect(event({ repo: repo('evil/app') }));
    expect(facts).toMatchObject({
      repository: 'https://github.com/acme/app',
      headRepository: 'https://github.com/evil/app',
    });
    expect(annotationsOf(facts)).toMatchObject({ head_repo: 'https://github.com/evil/app' });
    expectNoBranch(facts);
  });

  test('from a deleted fork does not have a branch', async () => {
    const facts = await detect(event({ repo: null }));
    expect(facts).not.toHaveProperty('headRepository');
    expectNoBranch(facts);
  });

  test('from the repository itself has the branch of its head', async () => {
    const facts = await detect({
      ...event({ repo: repo('acme/app') }),
      GITHUB_HEAD_REF: 'feature',
    });
    expect(facts).toMatchObject({ branch: 'feature', ref: 'refs/pull/5/merge' });
    expect(facts).not.toHaveProperty('headRepository');
  });

  test('with an event that cannot be read counts as one from a fork', async () => {
    tree.write('event.json', '{');
    expectNoBranch(await detect({ ...PULL, GITHUB_EVENT_PATH: tree.at('event.json') }));
    expectNoBranch(await detect({ ...PULL, GITHUB_EVENT_PATH: tree.at('gone.json') }));
  });

  test('by pull_request_target never has a branch, of a fork or not', async () => {
    const target = { GITHUB_EVENT_NAME: 'pull_request_target', GITHUB_REF: 'refs/heads/main' };
    for (const name of ['evil/app', 'acme/app']) {
      expectNoBranch(await detect({ ...event({ repo: repo(name) }), ...target }));
    }
  });

  test('does not get its branch from the work tree, where a fork’s is checked out', async () => {
    const commit = tree.committed();
    expect(tree.git('branch', '--show-current')).toBe('main');
    const facts = await detect({ ...PULL, GITHUB_SHA: commit });
    expect(facts).toMatchObject({ commit, dirty: false });
    expectNoBranch(facts);
    expectNoBranch(await detect(PULL));
  });
});

describe('a merge request in GitLab CI', () => {
  const MERGE = {
    GITLAB_CI: 'true',
    CI_COMMIT_SHA: COMMIT,
    CI_COMMIT_REF_NAME: 'main',
    CI_PIPELINE_SOURCE: 'merge_request_event',
    CI_PROJECT_URL: 'https://gitlab.example.com/acme/app',
    CI_PROJECT_PATH: 'acme/app',
    CI_MERGE_REQUEST_IID: '5',
    CI_MERGE_REQUEST_REF_PATH: 'refs/merge-requests/5/head',
    CI_MERGE_REQUEST_PROJECT_PATH: 'acme/app',
    CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: 'evil/app',
    CI_MERGE_REQUEST_SOURCE_PROJECT_URL: 'https://gitlab.example.com/evil/app',
    CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'main',
  };

  test('from a fork has its ref and the fork, and no branch', async () => {
    const facts = await detect(MERGE);
    expect(facts).toMatchObject({
      ref: 'refs/merge-requests/5/head',
      headRepository: 'https://gitlab.example.com/evil/app',
      repository: 'https://gitlab.example.com/acme/app',
    });
    expectNoBranch(facts);
  });

  test('that runs in the fork does not have a branch', async () => {
    expectNoBranch(await detect({ ...MERGE, CI_PROJECT_PATH: 'evil/app' }));
  });

  test('of an unknown source does not have a branch', async () => {
    expectNoBranch(await detect({ ...MERGE, CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: undefined }));
    const { GITLAB_CI, CI_COMMIT_SHA, CI_COMMIT_REF_NAME } = MERGE;
    const few = { GITLAB_CI, CI_COMMIT_SHA, CI_COMMIT_REF_NAME };
    expectNoBranch(await detect({ ...few, CI_PIPELINE_SOURCE: 'merge_request_event' }));
  });

  test('from the project itself has the branch', async () => {
    const own = { CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: 'acme/app' };
    const facts = await detect({
      ...MERGE,
      ...own,
      CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'feature',
    });
    expect(facts).toMatchObject({ branch: 'feature', ref: 'refs/merge-requests/5/head' });
    expect(facts).not.toHaveProperty('headRepository');
  });

  test('that is a pull request of GitHub has a branch only from the same repository', async () => {
    const pull = {
      ...{ GITLAB_CI: 'true', CI_COMMIT_SHA: COMMIT, CI_COMMIT_REF_NAME: 'main' },
      CI_COMMIT_BRANCH: 'main',
      CI_EXTERNAL_PULL_REQUEST_IID: '5',
      CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY: 'evil/app',
      CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY: 'acme/app',
      CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME: 'main',
    };
    const facts = await detect(pull);
    expect(facts).toMatchObject({
      ref: 'refs/pull/5/head',
      headRepository: 'https://github.com/evil/app',
    });
    expectNoBranch(facts);
    const own = { ...pull, CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY: 'acme/app' };
    expect((await detect(own)).branch).toBe('main');
  });
});

describe('Jenkins', () => {
  const JENKINS = {
    JENKINS_URL: 'https://ci.example.com/',
    GIT_COMMIT: COMMIT,
    GIT_URL: 'https://git.example.com/acme/app.git',
  };
  const CHANGE = {
    ...JENKINS,
    CHANGE_ID: '5',
    CHANGE_URL: 'https://git.example.com/acme/app/pull/5',
    CHANGE_BRANCH: 'main',
    CHANGE_FORK: 'evil/app',
    BRANCH_NAME: 'PR-5',
    GIT_BRANCH: 'main',
  };

  test('in a change from a fork has its ref and the fork, and no branch', async () => {
    const facts = await detect(CHANGE);
    expect(facts).toMatchObject({ ref: 'refs/pull/5/head', headRepository: 'evil/app' });
    expectNoBranch(facts);
  });

  test.each([
    [{ BRANCH_NAME: 'PR-5-merge' }, 'refs/pull/5/merge'],
    [{ CHANGE_URL: 'https://gitlab.example/a/-/merge_requests/5' }, 'refs/merge-requests/5/head'],
    [{ CHANGE_URL: 'https://bitbucket.org/a/b/pull-requests/5' }, 'refs/pull-requests/5/from'],
  ])('names the ref of the server: %j', async (env, ref) => {
    expect((await detect({ ...CHANGE, ...env })).ref).toBe(ref);
  });

  test('in a change from the repository itself has the branch', async () => {
    const facts = await detect({ ...CHANGE, CHANGE_FORK: undefined, CHANGE_BRANCH: 'feature' });
    expect(facts.branch).toBe('feature');
  });

  test('knows the requests of its plug-ins', async () => {
    const gitlab = {
      ...JENKINS,
      GIT_BRANCH: 'evil/main',
      gitlabMergeRequestIid: '5',
      gitlabSourceBranch: 'main',
      gitlabSourceRepoHttpUrl: 'https://gitlab.example/evil/app.git',
      gitlabTargetRepoHttpUrl: 'https://gitlab.example/acme/app.git',
    };
    expectNoBranch(await detect(gitlab));
    expect((await detect(gitlab)).headRepository).toBe('https://gitlab.example/evil/app.git');
    const own = { ...gitlab, gitlabSourceRepoHttpUrl: gitlab.gitlabTargetRepoHttpUrl };
    expect((await detect(own)).branch).toBe('main');
    const ghprb = { ...JENKINS, ghprbPullId: '5', ghprbSourceBranch: 'main', GIT_BRANCH: 'main' };
    expectNoBranch(await detect(ghprb));
    const fetched = await detect({ ...JENKINS, GIT_BRANCH: 'origin/pr/5/merge' });
    expect(fetched.ref).toBe('refs/pull/5/merge');
    expectNoBranch(fetched);
  });

  test('of a remote-tracking branch returns the branch without its remote, and the remote’s repository', async () => {
    const commit = tree.committed();
    tree.git('remote', 'add', 'origin', 'https://git.example.com/fork/app');
    tree.git('remote', 'add', 'up', 'https://git.example.com/acme/app');
    tree.git('remote', 'add', 'up/deep', 'https://git.example.com/deep/app');
    const facts = (GIT_BRANCH: string) => detect({ ...JENKINS, GIT_COMMIT: commit, GIT_BRANCH });
    expect(await facts('up/main')).toMatchObject({
      branch: 'main',
      repository: 'https://git.example.com/acme/app',
    });
    expect(await facts('up/deep/main')).toMatchObject({
      branch: 'main',
      repository: 'https://git.example.com/deep/app',
    });
    expect(await facts('feature/x')).toMatchObject({ branch: 'feature/x' });
  });

  test('in a multibranch job returns the name of the branch or tag', async () => {
    const named = { ...JENKINS, BRANCH_NAME: 'upstream/x', GIT_BRANCH: 'upstream/x' };
    expect((await detect(named)).branch).toBe('upstream/x');
    const tag = await detect({ ...JENKINS, TAG_NAME: 'v1', BRANCH_NAME: 'v1', GIT_BRANCH: 'v1' });
    expect(tag).toMatchObject({ tag: 'v1' });
    expectNoBranch(tag);
    expect((await detect({ ...JENKINS, GIT_BRANCH: 'refs/tags/v2' })).tag).toBe('v2');
  });
});

describe('a request in a CI system that is not detected', () => {
  test.each([
    ['Prow', { PULL_NUMBER: '5' }],
    ['Drone', { DRONE_PULL_REQUEST: '5' }],
    ['Woodpecker', { CI_COMMIT_PULL_REQUEST: '5' }],
    ['CircleCI', { CIRCLE_PULL_REQUEST: 'https://git.example.com/acme/app/pull/5' }],
    ['CircleCI, by the branch', { CIRCLE_BRANCH: 'pull/5' }],
    ['Buildkite', { BUILDKITE_PULL_REQUEST: '5' }],
    ['Travis', { TRAVIS_PULL_REQUEST: '5' }],
    ['Azure Pipelines', { SYSTEM_PULLREQUEST_PULLREQUESTID: '5' }],
    ['Azure Pipelines, by the ref', { BUILD_SOURCEBRANCH: 'refs/pull/5/merge' }],
    ['Bitbucket', { BITBUCKET_PR_ID: '5' }],
    ['CodeBuild', { CODEBUILD_WEBHOOK_TRIGGER: 'pr/5' }],
    ['Gerrit', { GERRIT_CHANGE_NUMBER: '5', GERRIT_EVENT_TYPE: 'patchset-created' }],
  ])(
    'of %s does not have a branch, although one with the target’s name is checked out',
    async (_, env) => {
      const commit = tree.committed();
      expect(tree.git('branch', '--show-current')).toBe('main');
      expectNoBranch(await detect(env));
      const jenkins = { JENKINS_URL: 'https://ci.example.com', GIT_COMMIT: commit };
      expectNoBranch(await detect({ ...env, ...jenkins, GIT_BRANCH: 'origin/main' }));
    },
  );

  test.each([
    ['Travis', { TRAVIS_PULL_REQUEST: 'false' }],
    ['Buildkite', { BUILDKITE_PULL_REQUEST: 'false', BUILDKITE_BRANCH: 'main' }],
    ['Azure Pipelines', { BUILD_SOURCEBRANCH: 'refs/heads/main' }],
    ['Gerrit', { GERRIT_CHANGE_NUMBER: '5', GERRIT_EVENT_TYPE: 'change-merged' }],
  ])('is not detected if %s says so', async (_, env) => {
    tree.committed();
    expect(await detect(env)).toMatchObject({ branch: 'main' });
  });
});
