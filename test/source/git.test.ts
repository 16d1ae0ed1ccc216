import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { detectSource } from '../../src/source';
import { WorkTree } from './work-tree';

describe('plain git', () => {
  let tree: WorkTree;
  beforeEach(() => {
    tree = new WorkTree();
  });
  afterEach(() => tree.remove());

  const detect = (overrides = {}, env: NodeJS.ProcessEnv = {}) =>
    detectSource({ cwd: tree.folder, env: { ...tree.env, ...env }, overrides });

  test('returns commit, branch, origin and a clean state', async () => {
    const commit = tree.committed();
    tree.git('remote', 'add', 'origin', 'https://bot:s3cr3t-t0ken@git.example.com/acme/app.git');
    expect(await detect()).toEqual({
      commit,
      branch: 'main',
      repository: 'https://git.example.com/acme/app.git',
      dirty: false,
      builder: { id: 'signed-image+self-reported://local/git', system: 'git' },
    });
  });

  test('reads the given folder, regardless of GIT_DIR', async () => {
    const commit = tree.committed();
    const facts = await detect({}, { GIT_DIR: '/nowhere/.git', GIT_WORK_TREE: '/nowhere' });
    expect(facts.commit).toBe(commit);
  });

  test('knows no branch where HEAD is detached', async () => {
    const commit = tree.committed();
    tree.git('checkout', '--quiet', '--detach');
    const facts = await detect();
    expect(facts.commit).toBe(commit);
    expect(facts).not.toHaveProperty('branch');
  });

  test('before the first commit there is a branch, but nothing to differ from', async () => {
    tree.git('init', '--quiet', '--initial-branch=trunk');
    tree.write('new.txt', 'x');
    const facts = await detect();
    expect(facts.branch).toBe('trunk');
    expect(facts).not.toHaveProperty('commit');
    expect(facts).not.toHaveProperty('dirty');
  });

  test('outside of a repository every fact is absent', async () => {
    const env = { ...tree.env, GIT_CONFIG_GLOBAL: join(tree.folder, 'none') };
    expect(await detectSource({ cwd: tree.folder, env })).toEqual({
      builder: { id: 'signed-image+self-reported://local/machine', system: 'none' },
    });
  });

  test('the inside of .git belongs to the work tree around it', async () => {
    const commit = tree.committed();
    const facts = await detectSource({ cwd: join(tree.folder, '.git'), env: tree.env });
    expect(facts).toMatchObject({ commit, builder: { system: 'git' } });
  });

  test('a local path as origin is not disclosed', async () => {
    tree.committed();
    tree.git('remote', 'add', 'origin', '/srv/git/app.git');
    expect(await detect()).not.toHaveProperty('repository');
  });

  test('a changed file is an error on source.allowDirty that names it', async () => {
    tree.committed();
    tree.write('a.txt', 'b');
    await expect(detect()).rejects.toMatchObject({
      code: 'SOURCE_DIRTY',
      property: 'source.allowDirty',
      message: expect.stringMatching(/"a\.txt".*commit.*source\.allowDirty/s),
    });
  });

  test('an untracked file counts, an ignored one does not', async () => {
    tree.committed();
    tree.write('.gitignore', 'out/\n');
    tree.git('add', '.');
    tree.git('commit', '--quiet', '-m', 'ignore');
    mkdirSync(join(tree.folder, 'out'));
    tree.write('out/log', 'x');
    expect((await detect()).dirty).toBe(false);
    tree.write('new', 'x');
    await expect(detect()).rejects.toMatchObject({ code: 'SOURCE_DIRTY' });
  });

  test('the whole work tree counts, not only the given folder', async () => {
    tree.committed();
    mkdirSync(join(tree.folder, 'app'));
    tree.write('app/Dockerfile', 'FROM scratch');
    tree.git('add', '.');
    tree.git('commit', '--quiet', '-m', 'app');
    tree.write('a.txt', 'changed');
    const asked = detectSource({ cwd: join(tree.folder, 'app'), env: tree.env });
    await expect(asked).rejects.toMatchObject({ code: 'SOURCE_DIRTY' });
  });

  test('of many changes five are shown', async () => {
    tree.committed();
    for (let i = 0; i < 8; i++) tree.write(`f${i}`, '');
    await expect(detect()).rejects.toThrow(
      /"f0", "f1", "f2", "f3", "f4" and 3 more not in the commit;/,
    );
  });

  test('allowDirty signs, and the fact is recorded', async () => {
    tree.committed();
    tree.write('a.txt', 'b');
    expect((await detect({ allowDirty: true })).dirty).toBe(true);
  });

  test('a single remote with any name is the repository', async () => {
    tree.committed();
    tree.git('remote', 'add', 'acme', 'https://git.example.com/acme/app');
    expect((await detect()).repository).toBe('https://git.example.com/acme/app');
    tree.git('remote', 'add', 'other', 'https://git.example.com/other/app');
    expect(await detect()).not.toHaveProperty('repository');
  });
});

test('a failure of the git runner itself is not taken for an answer', async () => {
  const tree = new WorkTree();
  tree.committed();
  const run = () => Promise.reject(new Error('broken pipe'));
  const overrides = { allowDirty: true };
  await expect(detectSource({ cwd: tree.folder, env: tree.env, run, overrides })).rejects.toThrow(
    'broken pipe',
  );
  tree.remove();
});
