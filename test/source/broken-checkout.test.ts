import { chownSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { detectSource, type GitRunner, gitRunner } from '../../src/source';
import { WorkTree } from './work-tree';

const OTHER = '1'.repeat(40);
/** Facts of a CI system, which must not be signed for an unreadable checkout. */
const CI = { GITHUB_ACTIONS: 'true', GITHUB_SHA: OTHER, GITHUB_REPOSITORY: 'acme/app' };

let tree: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
});
afterEach(() => tree.remove());

const detect = (overrides = {}, env: NodeJS.ProcessEnv = {}, cwd = tree.folder) =>
  detectSource({ cwd, env: { ...tree.env, ...CI, ...env }, overrides });

const empty = (path: string): void => {
  rmSync(tree.at(path), { recursive: true });
  mkdirSync(tree.at(path));
};

const BROKEN: readonly (readonly [string, () => void])[] = [
  [
    '.git that names a folder that is gone',
    () => {
      rmSync(tree.at('.git'), { recursive: true });
      tree.write('.git', 'gitdir: ../gone/.git\n');
    },
  ],
  [
    'a .git file without a folder in it',
    () => {
      rmSync(tree.at('.git'), { recursive: true });
      tree.write('.git', 'garbage');
    },
  ],
  [
    '.git that is a link to nothing',
    () => {
      rmSync(tree.at('.git'), { recursive: true });
      symlinkSync('../gone', tree.at('.git'));
    },
  ],
  ['an empty .git', () => empty('.git')],
  ['garbage in HEAD', () => tree.write('.git/HEAD', 'garbage')],
  ['an empty HEAD', () => tree.write('.git/HEAD', '')],
  ['no HEAD', () => rmSync(tree.at('.git/HEAD'))],
  ['a HEAD that names a commit that is not there', () => tree.write('.git/HEAD', `${OTHER}\n`)],
  ['no objects', () => rmSync(tree.at('.git/objects'), { recursive: true })],
  ['an empty folder of objects', () => empty('.git/objects')],
  ['refs that are lost', () => empty('.git/refs')],
  ['no refs', () => rmSync(tree.at('.git/refs'), { recursive: true })],
  ['a broken index', () => tree.write('.git/index', 'not an index')],
  ['a broken configuration', () => tree.write('.git/config', '[core\n')],
  ['a format of a later git', () => tree.git('config', 'core.repositoryFormatVersion', '99')],
  ['another work tree', () => tree.git('config', 'core.worktree', '/')],
  ['a bare repository', () => tree.git('config', 'core.bare', 'true')],
];

test.each(BROKEN)('a checkout with %s is unreadable, not clean', async (_, damage) => {
  tree.committed();
  damage();
  await expect(detect()).rejects.toMatchObject({
    code: 'SOURCE_UNREADABLE',
    property: 'source',
    message: expect.stringContaining('source.allowDirty'),
  });
});

test('with allowDirty it is signed without being recorded as clean, with a warning', async () => {
  tree.committed();
  tree.write('.git/HEAD', 'garbage');
  const facts = await detect({ allowDirty: true });
  expect(facts).not.toHaveProperty('dirty');
  expect(facts.warnings).toEqual([expect.stringContaining('git cannot read the repository')]);
});

test('a broken checkout inside a whole one is unreadable', async () => {
  tree.committed();
  mkdirSync(tree.at('app/.git'), { recursive: true });
  const asked = detectSource({ cwd: tree.at('app'), program: '/', env: { ...tree.env, ...CI } });
  await expect(asked).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
});

test('a broken checkout is unreadable, even if an enclosing one claims it as its work tree', async () => {
  tree.committed();
  const inner = new WorkTree(tree.at('inner'));
  mkdirSync(inner.at('.git'));
  tree.git('config', 'core.worktree', inner.folder);
  inner.write('a.txt', 'a');
  await expect(detect({}, {}, inner.folder)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
});

test('a broken checkout is unreadable, even if its folder is a bare repository', async () => {
  const other = new WorkTree();
  other.committed();
  cpSync(other.at('.git'), tree.folder, { recursive: true });
  other.remove();
  mkdirSync(tree.at('.git'));
  tree.write('config', '[core]\n\tworktree = .\n\tbare = false\n');
  await expect(detect()).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  // As git behaves before version 2.38, which knows no `safe.bareRepository`.
  const git = gitRunner(tree.env);
  const old: GitRunner = (command) =>
    git({ ...command, args: ['-c', 'safe.bareRepository=all', ...command.args] });
  const asked = detectSource({ cwd: tree.folder, env: tree.env, run: old });
  await expect(asked).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
});

test('a broken checkout counts above the given folder', async () => {
  tree.committed();
  tree.write('app/deep/Dockerfile', '');
  tree.write('.git/HEAD', 'garbage');
  await expect(detect({}, {}, tree.at('app/deep'))).rejects.toMatchObject({
    code: 'SOURCE_UNREADABLE',
  });
});

test('a submodule that was copied alone is unreadable', async () => {
  const library = new WorkTree();
  library.committed();
  tree.committed();
  tree.git('submodule', '--quiet', 'add', library.folder, 'library');
  const copy = new WorkTree();
  cpSync(tree.at('library'), join(copy.folder, 'library'), { recursive: true });
  expect(readdirSync(join(copy.folder, 'library'))).toContain('.git');
  await expect(detect({}, {}, join(copy.folder, 'library'))).rejects.toMatchObject({
    code: 'SOURCE_UNREADABLE',
  });
  library.remove();
  copy.remove();
});

test('a checkout is unreadable on a machine without git', async () => {
  tree.committed();
  await expect(detect({}, { PATH: tree.at('empty') })).rejects.toMatchObject({
    code: 'SOURCE_UNREADABLE',
    message: expect.stringMatching(/git is not installed.*install git/),
  });
});

test('without a checkout git is not needed', async () => {
  const facts = await detect({}, { PATH: tree.at('empty') });
  expect(facts).toMatchObject({ commit: OTHER });
  expect(facts).not.toHaveProperty('dirty');
});

describe('a checkout of another user', () => {
  const foreign = { GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' };

  test('is an error that describes how to trust it', async () => {
    tree.committed();
    await expect(detect({}, foreign)).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: expect.stringContaining(`safe.directory ${tree.folder}`),
    });
    expect(await detect({ allowDirty: true }, foreign)).not.toHaveProperty('dirty');
  });

  test('is read where the user, or the environment, trusts it', async () => {
    const commit = tree.committed();
    tree.write('.git/trust', `[safe]\n\tdirectory = ${tree.folder}\n`);
    const byFile = { ...foreign, GIT_CONFIG_GLOBAL: tree.at('.git/trust') };
    expect((await detect({}, byFile)).commit).toBe(commit);
    const byVariable = {
      ...foreign,
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'user.name',
      GIT_CONFIG_VALUE_0: 'x',
      GIT_CONFIG_KEY_1: 'safe.directory',
      GIT_CONFIG_VALUE_1: '*',
    };
    expect((await detect({}, byVariable)).commit).toBe(commit);
  });

  test('cannot trust itself', async () => {
    tree.committed();
    tree.git('config', 'safe.directory', '*');
    await expect(detect({}, foreign)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });

  const isRoot = process.getuid?.() === 0;
  (isRoot ? test : test.skip)('is known by its owner', async () => {
    tree.committed();
    chownSync(tree.folder, 65534, 65534);
    chownSync(tree.at('.git'), 65534, 65534);
    await expect(detect()).rejects.toThrow(/dubious ownership/);
  });
});

describe('checkouts that are whole', () => {
  test('a linked work tree', async () => {
    const commit = tree.committed();
    const linked = new WorkTree();
    linked.remove();
    tree.git('worktree', 'add', '--quiet', linked.folder, '-b', 'linked');
    const facts = await detectSource({ cwd: linked.folder, env: tree.env });
    expect(facts).toMatchObject({ commit, branch: 'linked', dirty: false });
    linked.remove();
  });

  test('a shallow clone', async () => {
    tree.committed();
    const commit = tree.commit('two');
    const clone = new WorkTree();
    clone.remove();
    tree.git('clone', '--quiet', '--depth=1', `file://${tree.folder}`, clone.folder);
    const facts = await detectSource({ cwd: clone.folder, env: tree.env });
    expect(facts).toMatchObject({ commit, dirty: false });
    clone.remove();
  });

  test('one with alternates', async () => {
    const commit = tree.committed();
    const clone = new WorkTree();
    clone.remove();
    tree.git('clone', '--quiet', '--shared', tree.folder, clone.folder);
    const facts = await detectSource({ cwd: clone.folder, env: tree.env });
    expect(facts).toMatchObject({ commit, dirty: false });
    clone.remove();
  });

  test('one with SHA-256', async () => {
    tree.init('--object-format=sha256');
    tree.write('a/b', 'c');
    const commit = tree.commit();
    const env = { ...tree.env };
    expect(await detectSource({ cwd: tree.folder, env })).toMatchObject({ commit, dirty: false });
    expect(commit).toHaveLength(64);
  });

  test('one with a packed, split index', async () => {
    const commit = tree.committed();
    tree.git('update-index', '--split-index');
    tree.write('b', 'b');
    tree.commit();
    tree.git('reset', '--quiet', '--hard', commit);
    tree.git('gc', '--quiet');
    expect(await detect({}, { GITHUB_SHA: commit })).toMatchObject({ commit, dirty: false });
  });
});
