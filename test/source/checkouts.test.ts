import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';

import { detectSource, type GitRunner, gitRunner } from '../../src/source';
import { detectBuild, dirty, project, reads } from './project';
import { WorkTree } from './work-tree';

/** Checkouts as developers and CI systems have them. */

let tree: WorkTree;
let clone: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
  clone = new WorkTree();
});
afterEach(() => {
  tree.remove();
  clone.remove();
});

async function expectChecked(checkout: WorkTree, commit: string, path = 'a.txt'): Promise<void> {
  expect(await detectBuild(checkout)).toMatchObject({ commit, dirty: false });
  checkout.write(path, 'evil\n');
  await expect(detectBuild(checkout)).rejects.toMatchObject(dirty(path));
}

test('a bare clone with adjacent work trees', async () => {
  const commit = project(tree);
  clone.git('clone', '--quiet', '--bare', tree.folder, '.bare');
  clone.write('.git', 'gitdir: ./.bare\n');
  clone.git('worktree', 'add', '--quiet', 'main');
  await expectChecked(new WorkTree(clone.at('main')), commit);
});

test('a linked work tree inside of the main one', async () => {
  const commit = project(tree);
  tree.git('worktree', 'add', '--quiet', '.worktrees/feature', '-b', 'feature');
  const linked = new WorkTree(tree.at('.worktrees/feature'));
  expect(await detectBuild(linked)).toMatchObject({ commit, branch: 'feature', dirty: false });
  await expectChecked(linked, commit);
});

test('a submodule in a linked work tree', async () => {
  const library = new WorkTree();
  library.committed();
  project(tree);
  tree.git('submodule', '--quiet', 'add', library.folder, 'library');
  const commit = tree.commit();
  tree.git('worktree', 'add', '--quiet', clone.at('linked'));
  const linked = new WorkTree(clone.at('linked'));
  linked.git('submodule', '--quiet', 'update', '--init');
  expect(await detectBuild(linked)).toMatchObject({ commit, dirty: false });
  linked.write('library/a.txt', 'evil');
  await expect(detectBuild(linked)).rejects.toMatchObject(dirty('library/a.txt'));
  library.remove();
});

test('a work tree with a configuration of its own', async () => {
  const commit = project(tree);
  tree.git('config', 'extensions.worktreeConfig', 'true');
  tree.git('worktree', 'add', '--quiet', clone.at('linked'));
  const linked = new WorkTree(clone.at('linked'));
  linked.git('config', '--worktree', 'core.sparseCheckout', 'false');
  await expectChecked(linked, commit);
});

test.each(['blob:none', 'tree:0'])('a partial clone (%s), shallow and sparse', async (filter) => {
  project(tree);
  tree.write('.gitattributes', '* text=auto\n');
  tree.write('other/b.txt', 'b\n');
  const commit = tree.commit();
  tree.git('config', 'uploadpack.allowFilter', 'true');
  const from = `file://${tree.folder}`;
  clone.git('clone', '--quiet', `--filter=${filter}`, '--depth=1', '--sparse', from, 'app');
  const partial = new WorkTree(clone.at('app'));
  partial.git('sparse-checkout', 'set', 'app');
  const files = reads(partial.at('app'));
  expect(await detectBuild(partial, files)).toMatchObject({ commit, dirty: false });
  partial.write('app/main.js', 'evil\n');
  await expect(detectBuild(partial, files)).rejects.toMatchObject(dirty('app/main.js'));
});

test('a sparse checkout without its .gitignore uses that of the commit', async () => {
  project(tree);
  tree.write('.gitignore', 'node_modules/\n');
  const commit = tree.commit();
  tree.git('sparse-checkout', 'set', '--no-cone', '/app');
  tree.write('node_modules/x.js', 'x');
  expect(tree.git('status', '--porcelain')).toBe('');
  expect(await detectBuild(tree, reads(tree.at('app')))).toMatchObject({ commit, dirty: false });
});

test('names in two normal forms, with line breaks and in two cases', async () => {
  project(tree);
  const names = ['\u00e9.txt', 'e\u0301.txt', 'A.txt', 'with\nbreak', 'tab\t', '"quoted"', '-dash'];
  for (const name of names) tree.write(`app/${name}`, name);
  writeFileSync(Buffer.from(`${tree.folder}/app/caf\xe9`, 'latin1'), 'x');
  const commit = tree.commit();
  expect(await detectBuild(tree)).toMatchObject({ commit, dirty: false });
  for (const name of names) {
    tree.write(`app/${name}`, 'evil');
    await expect(detectBuild(tree)).rejects.toMatchObject({ code: 'SOURCE_DIRTY' });
    tree.write(`app/${name}`, name);
  }
});

test('with line endings of core.autocrlf the error contains a remedy that works', async () => {
  project(tree);
  clone.git('clone', '--quiet', '--config=core.autocrlf=true', tree.folder, 'app');
  const windows = new WorkTree(clone.at('app'));
  expect(windows.git('status', '--porcelain')).toBe('');
  await expect(detectBuild(windows)).rejects.toMatchObject({
    code: 'SOURCE_DIRTY',
    message: expect.stringContaining('`* text=auto eol=lf`'),
  });
  windows.write('.gitattributes', '* text=auto eol=lf\n');
  const commit = windows.commit();
  windows.git('rm', '-rq', '--cached', '.');
  windows.git('reset', '--quiet', '--hard');
  expect(await detectBuild(windows)).toMatchObject({ commit, dirty: false });
  windows.write('a.txt', 'evil\r\n');
  await expect(detectBuild(windows)).rejects.toMatchObject({
    message: expect.not.stringContaining('eol=lf'),
  });
});

test('links out of the context count by their target', async () => {
  project(tree);
  mkdirSync(tree.at('shared'));
  tree.write('shared/x', 'x');
  tree.git('config', 'core.symlinks', 'true');
  symlinkSync('../shared/x', tree.at('app/x'));
  symlinkSync('/etc/hostname', tree.at('app/host'));
  const commit = tree.commit();
  expect(await detectBuild(tree, reads(tree.at('app')))).toMatchObject({ commit, dirty: false });
  rmSync(tree.at('app/x'));
  symlinkSync('/etc/hosts', tree.at('app/x'));
  await expect(detectBuild(tree)).rejects.toMatchObject(dirty('app/x'));
});

test('of hundreds of remotes, with one process, as git would use them', async () => {
  project(tree);
  const remotes = Array.from(
    { length: 300 },
    (_, at) => `[remote "r${at}"]\n\turl = https://git.example.com/r${at}/app\n`,
  );
  tree.write('.git/more', remotes.join(''));
  tree.git('config', 'include.path', 'more');
  tree.git('config', 'url.https://git.example.com/.insteadOf', 'gx:');
  tree.git('remote', 'add', 'origin', 'gx:acme/app');
  const git = gitRunner(tree.env);
  let processes = 0;
  const run: GitRunner = (command) => {
    processes++;
    return git(command);
  };
  const facts = await detectSource({ cwd: tree.folder, env: tree.env, run });
  expect(facts).toMatchObject({ repository: 'https://git.example.com/acme/app', dirty: false });
  expect(processes).toBeLessThan(15);
});

test('with a git that does not know GIT_CONFIG_GLOBAL, no filter of the user runs', async () => {
  project(tree);
  tree.write('.gitattributes', '*.txt filter=user\n');
  tree.commit();
  tree.write('a.txt', 'evil\n');
  clone.write('.gitconfig', '[filter "user"]\n\tsmudge = echo evil\n');
  const env: NodeJS.ProcessEnv = { ...tree.env, HOME: clone.folder };
  delete env['GIT_CONFIG_GLOBAL'];
  const git = gitRunner(env);
  const old: GitRunner = ({ variables, ...command }) => {
    const known = Object.entries(variables ?? {}).filter(([name]) => name !== 'GIT_CONFIG_GLOBAL');
    return git({ ...command, variables: Object.fromEntries(known) });
  };
  const files = reads(tree.folder);
  const asked = detectSource({ cwd: tree.folder, env, run: old, reads: files });
  await expect(asked).rejects.toMatchObject(dirty('a.txt'));
});
