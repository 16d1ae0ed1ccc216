import { chmodSync, rmSync, utimesSync, writeFileSync } from 'node:fs';

import { detectBuild, dirty, project } from './project';
import { WorkTree } from './work-tree';

let tree: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
});
afterEach(() => tree.remove());

/** What git is configured to hide, and the change that `git status` does not show then. */
const HIDDEN: readonly (readonly [string, path: string, () => void])[] = [
  [
    'assume-unchanged',
    'app/main.js',
    () => {
      tree.git('update-index', '--assume-unchanged', 'app/main.js');
      tree.write('app/main.js', 'evil\n');
    },
  ],
  [
    'skip-worktree',
    'app/main.js',
    () => {
      tree.git('update-index', '--skip-worktree', 'app/main.js');
      tree.write('app/main.js', 'evil\n');
    },
  ],
  [
    'skip-worktree of a file that is gone',
    'app/main.js',
    () => {
      tree.git('update-index', '--skip-worktree', 'app/main.js');
      rmSync(tree.at('app/main.js'));
    },
  ],
  [
    'a sparse checkout that leaves out what the build reads',
    'app/link',
    () => tree.git('sparse-checkout', 'set', '--no-cone', '/a.txt'),
  ],
  [
    'core.fileMode',
    'app/main.js',
    () => {
      tree.git('config', 'core.fileMode', 'false');
      chmodSync(tree.at('app/main.js'), 0o755);
    },
  ],
  [
    'the bit by which a program runs as its owner',
    'app/run.sh',
    () => chmodSync(tree.at('app/run.sh'), 0o4755),
  ],
  [
    'core.symlinks',
    'app/link',
    () => {
      tree.git('config', 'core.symlinks', 'false');
      rmSync(tree.at('app/link'));
      tree.write('app/link', 'main.js');
    },
  ],
  [
    'status.showUntrackedFiles',
    'app/new.js',
    () => {
      tree.git('config', 'status.showUntrackedFiles', 'no');
      tree.write('app/new.js', 'x');
    },
  ],
  [
    'info/exclude',
    'app/new.js',
    () => {
      tree.write('.git/info/exclude', 'new.js\n');
      tree.write('app/new.js', 'x');
    },
  ],
  [
    'core.excludesFile',
    'app/new.js',
    () => {
      tree.write('.git/excludes', 'new.js\n');
      tree.git('config', 'core.excludesFile', tree.at('.git/excludes'));
      tree.write('app/new.js', 'x');
    },
  ],
  [
    'an ignore file that ignores itself',
    'app/.gitignore',
    () => {
      tree.write('app/.gitignore', '*\n');
      tree.write('app/new.js', 'x');
    },
  ],
  [
    'core.autocrlf',
    'app/main.js',
    () => {
      tree.git('config', 'core.autocrlf', 'true');
      tree.write('app/main.js', 'one\r\n');
      // Its stored form is the same, and now the index has its size.
      tree.git('add', 'app/main.js');
    },
  ],
  [
    'info/attributes',
    'app/main.js',
    () => {
      tree.write('.git/info/attributes', '*.js text eol=crlf\n');
      tree.write('app/main.js', 'one\r\n');
      // Its stored form is the same, and now the index has its size.
      tree.git('add', 'app/main.js');
    },
  ],
  [
    'core.attributesFile',
    'app/main.js',
    () => {
      tree.write('.git/attributes', '*.js text eol=crlf\n');
      tree.git('config', 'core.attributesFile', tree.at('.git/attributes'));
      tree.write('app/main.js', 'one\r\n');
      // Its stored form is the same, and now the index has its size.
      tree.git('add', 'app/main.js');
    },
  ],
  [
    'a clean filter',
    'app/main.js',
    () => {
      tree.git('config', 'filter.x.clean', 'echo one');
      tree.write('.git/info/attributes', '*.js filter=x\n');
      tree.write('app/main.js', 'evil\n');
      tree.git('add', 'app/main.js');
    },
  ],
  [
    'core.ignoreStat',
    'app/main.js',
    () => {
      tree.git('config', 'core.ignoreStat', 'true');
      rmSync(tree.at('app/main.js'));
      tree.git('checkout', '--', 'app/main.js');
      tree.write('app/main.js', 'evil\n');
    },
  ],
  [
    'a change that keeps size and times',
    'app/main.js',
    () => {
      tree.git('config', 'core.trustctime', 'false');
      const long = new Date('2020-01-01');
      utimesSync(tree.at('app/main.js'), long, long);
      tree.git('update-index', '--refresh');
      writeFileSync(tree.at('app/main.js'), 'two\n');
      utimesSync(tree.at('app/main.js'), long, long);
    },
  ],
  [
    'core.fsmonitor',
    'app/main.js',
    () => {
      const monitor = tree.script('.git/monitor', `#!/bin/sh\nprintf 'token\\0'\n`);
      tree.git('config', 'core.fsmonitor', monitor);
      tree.git('update-index', '--fsmonitor');
      tree.git('status');
      tree.write('app/main.js', 'two\n');
    },
  ],
];

test.each(HIDDEN)('what %s hides is a difference', async (_, path, change) => {
  project(tree);
  change();
  expect(tree.git('status', '--porcelain', '--', path)).toBe('');
  await expect(detectBuild(tree)).rejects.toMatchObject(dirty(path));
});
