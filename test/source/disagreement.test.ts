import { rmSync } from 'node:fs';

import { detectSource } from '../../src/source';
import { WorkTree } from './work-tree';

const OTHER = '1'.repeat(40);

let tree: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
});
afterEach(() => tree.remove());

const detect = (env: NodeJS.ProcessEnv, overrides = {}, cwd = tree.folder) =>
  detectSource({ cwd, program: tree.folder, env: { ...tree.env, ...env }, overrides });

/** Each CI system, with its commit and names that belong to that commit. */
const SYSTEMS: readonly (readonly [string, (commit: string) => NodeJS.ProcessEnv])[] = [
  [
    'GitHub Actions',
    (commit) => ({
      GITHUB_ACTIONS: 'true',
      GITHUB_SHA: commit,
      GITHUB_REF: 'refs/heads/release',
      GITHUB_REF_NAME: 'release',
      GITHUB_REF_TYPE: 'branch',
      GITHUB_REPOSITORY: 'acme/ci',
      GITHUB_RUN_ID: '7',
    }),
  ],
  [
    'GitHub Actions on a tag',
    (commit) => ({
      GITHUB_ACTIONS: 'true',
      GITHUB_SHA: commit,
      GITHUB_REF: 'refs/tags/v1',
      GITHUB_REF_NAME: 'v1',
      GITHUB_REF_TYPE: 'tag',
      GITHUB_REPOSITORY: 'acme/ci',
    }),
  ],
  [
    'GitLab CI',
    (commit) => ({
      GITLAB_CI: 'true',
      CI_COMMIT_SHA: commit,
      CI_COMMIT_BRANCH: 'release',
      CI_PROJECT_URL: 'https://github.com/acme/ci',
    }),
  ],
  [
    'Jenkins',
    (commit) => ({
      JENKINS_URL: 'https://ci.example.com/',
      GIT_COMMIT: commit,
      GIT_BRANCH: 'origin/release',
      GIT_URL: 'https://github.com/acme/ci',
    }),
  ],
];

describe.each(SYSTEMS)('%s and a clean work tree', (_, variables) => {
  test('at another commit: the work tree wins, with a warning that names both', async () => {
    const head = tree.committed();
    tree.git('remote', 'add', 'origin', 'https://github.com/acme/app');
    const facts = await detect(variables(OTHER));
    expect(facts).toMatchObject({
      commit: head,
      repository: 'https://github.com/acme/app',
      dirty: false,
    });
    for (const name of ['branch', 'tag', 'ref']) expect(facts).not.toHaveProperty(name);
    expect(facts.warnings).toEqual([expect.stringMatching(`${OTHER}.*${head}`)]);
  });

  test('at another commit: what is declared is recorded', async () => {
    const head = tree.committed();
    const declared = {
      branch: 'main',
      tag: 'v2',
      ref: 'refs/changes/5',
      repository: 'https://h/r',
    };
    expect(await detect(variables(OTHER), declared)).toMatchObject({ commit: head, ...declared });
  });

  test('at the same commit: all facts of the CI system, without a warning', async () => {
    const head = tree.committed();
    const facts = await detect(variables(head.toUpperCase()));
    expect(facts).toMatchObject({ commit: head, repository: 'https://github.com/acme/ci' });
    expect(facts.branch ?? facts.tag).toMatch(/^(?:release|v1)$/);
    expect(facts).not.toHaveProperty('warnings');
  });

  test('with a changed file: the work tree wins too, and is dirty', async () => {
    const head = tree.committed();
    tree.write('a.txt', 'b');
    expect(await detect(variables(OTHER), { allowDirty: true })).toMatchObject({
      commit: head,
      dirty: true,
    });
  });

  test('in a second checkout in a sub-folder: that one’s commit, if it is declared', async () => {
    tree.write('.gitignore', 'second/\n');
    const first = tree.committed();
    const second = new WorkTree(tree.at('second'));
    second.committed();
    second.git('remote', 'add', 'origin', 'https://github.com/acme/second');
    const head = second.commit('second');
    const facts = await detect(variables(first), { directory: 'second' }, second.folder);
    expect(facts).toMatchObject({ commit: head, repository: 'https://github.com/acme/second' });
    expect(facts).not.toHaveProperty('branch');
    expect(facts.warnings).toEqual([expect.stringContaining(first)]);
    // Two checkouts side by side in a folder that is not a repository do not need a declaration.
    rmSync(tree.at('.git'), { recursive: true });
    expect(await detect(variables(first), {}, second.folder)).toMatchObject({ commit: head });
  });

  test('before its first commit: nothing is signed as the CI system’s', async () => {
    tree.init();
    await expect(detect(variables(OTHER))).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });

  test('outside of a checkout: its own commit', async () => {
    expect(await detect(variables(OTHER))).toMatchObject({ commit: OTHER });
  });
});

test('a merge commit of a pull request that is checked out detached is the CI system’s', async () => {
  tree.committed();
  tree.git('checkout', '--quiet', '-b', 'feature');
  tree.write('b', 'b');
  tree.commit();
  tree.git('checkout', '--quiet', 'main');
  tree.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'feature');
  const merge = tree.git('rev-parse', 'HEAD');
  tree.git('checkout', '--quiet', '--detach');
  const facts = await detect({
    GITHUB_ACTIONS: 'true',
    GITHUB_SHA: merge,
    GITHUB_REF: 'refs/pull/5/merge',
    GITHUB_HEAD_REF: 'feature',
    GITHUB_EVENT_NAME: 'pull_request',
  });
  expect(facts).toMatchObject({ commit: merge, ref: 'refs/pull/5/merge' });
  expect(facts).not.toHaveProperty('warnings');
});

test('a declared commit that is not the one that is built is recorded with a warning', async () => {
  const head = tree.committed();
  const facts = await detect({}, { commit: OTHER });
  expect(facts.commit).toBe(OTHER);
  expect(facts).not.toHaveProperty('branch');
  expect(facts.warnings).toEqual([expect.stringMatching(`source\\.commit is ${OTHER}.*${head}`)]);
});

test.each([
  [{ branch: 'main', ref: 'refs/heads/other' }, 'branch'],
  [{ tag: 'v1', ref: 'refs/tags/v2' }, 'tag'],
])('a declared ref that contradicts the declared name is refused: %j', async (overrides, name) => {
  await expect(detect({}, overrides)).rejects.toMatchObject({
    problems: [
      {
        property: 'source.ref',
        message: expect.stringContaining(`another ${name} than`) as string,
      },
    ],
  });
});

test.each([
  ['refs/heads/other', { branch: 'other' }],
  ['refs/tags/v1', { tag: 'v1' }],
  ['refs/pull/5/merge', { ref: 'refs/pull/5/merge' }],
])('with the declared ref %s no other one that was detected is recorded', async (ref, facts) => {
  const commit = tree.committed();
  const env = { GITHUB_ACTIONS: 'true', GITHUB_SHA: commit, GITHUB_REF: 'refs/heads/main' };
  for (const variables of [{}, env]) {
    const { branch, tag, ref: recorded } = await detect(variables, { ref });
    expect({ branch, tag, ref: recorded }).toEqual({ ...facts });
  }
});

test('the commit of the CI system is recorded with a warning if there is no repository', async () => {
  const [, variables] = SYSTEMS[0] ?? [];
  const facts = await detect(variables?.(OTHER) ?? {});
  expect(facts.commit).toBe(OTHER);
  expect(facts.warnings).toEqual([
    expect.stringMatching(`not in a git repository.*${OTHER}.*source\\.commit`),
  ]);
  const confirmed = await detect(variables?.(OTHER) ?? {}, { commit: OTHER });
  expect(confirmed).not.toHaveProperty('warnings');
});

describe('a branch or tag of a CI system without a commit', () => {
  const jenkins = { JENKINS_URL: 'https://ci.example.com' };

  test('is recorded if it is at the HEAD of the work tree', async () => {
    const commit = tree.committed();
    tree.git('remote', 'add', 'origin', 'https://git.example.com/acme/app');
    tree.git('update-ref', 'refs/remotes/origin/release/1', commit);
    tree.git('tag', 'v1');
    tree.git('checkout', '--quiet', '--detach');
    const branch = await detect({ ...jenkins, BRANCH_NAME: 'release/1' });
    expect(branch).toMatchObject({ commit, branch: 'release/1' });
    expect(branch).not.toHaveProperty('warnings');
    expect(await detect({ ...jenkins, TAG_NAME: 'v1' })).toMatchObject({ commit, tag: 'v1' });
  });

  test('is left out with a warning in a checkout of something else', async () => {
    const commit = tree.committed();
    tree.git('checkout', '--quiet', '--detach');
    for (const variables of [{ BRANCH_NAME: 'release/1' }, { TAG_NAME: 'v1' }]) {
      const facts = await detect({ ...jenkins, ...variables });
      expect(facts.commit).toBe(commit);
      expect(facts).not.toHaveProperty('branch');
      expect(facts).not.toHaveProperty('tag');
      expect(facts.warnings).toEqual([expect.stringMatching(/without a commit.*source\.branch/)]);
    }
  });
});
