import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { detectSource, FileHashes, type FilesRead } from '../../src/source';
import { WorkTree } from './work-tree';

let tree: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
});
afterEach(() => tree.remove());

/** A build that reads all of a folder but what `ignored` matches. */
const reads = (context: string, ignored = /^$/, further: readonly string[] = []): FilesRead => ({
  context,
  further,
  sends: (path) => !ignored.test(path),
  hasExceptions: false,
});

const detect = (files: FilesRead = reads(tree.folder)) =>
  detectSource({ cwd: files.context, program: tree.folder, env: tree.env, reads: files });

/** For an image that is not built here. */
const detectOnly = () => detectSource({ cwd: tree.folder, env: tree.env });

const dirty = (...paths: readonly string[]) => ({
  code: 'SOURCE_DIRTY',
  message: expect.stringMatching(paths.map((path) => JSON.stringify(path)).join('.*')),
});

/** Stages what a fresh clone has, with a file of each kind. */
function project(): string {
  tree.init();
  tree.write('a.txt', 'a\n');
  tree.write('app/main.js', 'one\n');
  tree.script('app/run.sh', '#!/bin/sh\n');
  symlinkSync('main.js', tree.at('app/link'));
  return tree.commit();
}

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
  project();
  change();
  expect(tree.git('status', '--porcelain', '--', path)).toBe('');
  await expect(detect()).rejects.toMatchObject(dirty(path));
});

const SHOWN: readonly (readonly [string, path: string, () => void])[] = [
  ['a deleted file', 'a.txt', () => rmSync(tree.at('a.txt'))],
  ['another mode', 'app/run.sh', () => chmodSync(tree.at('app/run.sh'), 0o644)],
  [
    'another target of a link',
    'app/link',
    () => {
      rmSync(tree.at('app/link'));
      symlinkSync('run.sh', tree.at('app/link'));
    },
  ],
  [
    'a folder in the place of a file',
    'a.txt',
    () => {
      rmSync(tree.at('a.txt'));
      mkdirSync(tree.at('a.txt'));
    },
  ],
  [
    'a link to a folder with the same files',
    'app/run.sh',
    () => {
      renameSync(tree.at('app'), tree.at('.git/moved'));
      symlinkSync('.git/moved', tree.at('app'));
    },
  ],
  [
    'a staged change',
    'a.txt',
    () => {
      tree.write('a.txt', 'b');
      tree.git('add', '.');
    },
  ],
  ['another case of a name', 'A.txt', () => renameSync(tree.at('a.txt'), tree.at('A.txt'))],
];

test.each(SHOWN)('%s is a difference', async (_, path, change) => {
  project();
  change();
  await expect(detectOnly()).rejects.toMatchObject(dirty(path));
});

describe('what git ignores', () => {
  beforeEach(() => {
    project();
    tree.write('.gitignore', 'node_modules/\n*.log\n');
    tree.commit();
    tree.write('app/node_modules/x/index.js', 'x');
    tree.write('app/debug.log', 'x');
  });

  test('is a difference if it is sent, with what to do about it', async () => {
    await expect(detect()).rejects.toMatchObject({
      code: 'SOURCE_DIRTY',
      message: expect.stringMatching(
        /"app\/debug\.log", "app\/node_modules\/"; add these to \.dockerignore, or commit them.*source\.allowDirty/,
      ),
    });
  });

  test('is none if it is not sent, or nothing is built', async () => {
    const ignored = reads(tree.at('app'), /^node_modules|\.log$/);
    expect(await detect(ignored)).toMatchObject({ dirty: false });
    expect(await detectOnly()).toMatchObject({ dirty: false });
  });

  test('is none in another folder than the context', async () => {
    tree.write('other/Dockerfile', '');
    tree.commit();
    expect(await detect(reads(tree.at('other')))).toMatchObject({ dirty: false });
  });

  test('counts where an exception of the ignore file sends it', async () => {
    const excepted = (path: string): boolean => path === 'node_modules/x/index.js';
    const files: FilesRead = {
      context: tree.at('app'),
      further: [],
      sends: (path) => excepted(path) || !/^node_modules|\.log$/.test(path),
      hasExceptions: true,
    };
    await expect(detect(files)).rejects.toMatchObject(dirty('app/node_modules/'));
  });

  test('counts if it is the Dockerfile', async () => {
    tree.write('Dockerfile.log', 'FROM scratch\n');
    const files = reads(tree.at('app'), /^node_modules|\.log$/, [tree.at('Dockerfile.log')]);
    await expect(detect(files)).rejects.toMatchObject(dirty('Dockerfile.log'));
  });

  test('counts with a name that is not UTF-8', async () => {
    writeFileSync(Buffer.from(`${tree.folder}/app/caf\xe9.log`, 'latin1'), 'x');
    await expect(detect(reads(tree.at('app'), /^node_modules|^debug|log$/))).rejects.toMatchObject({
      code: 'SOURCE_DIRTY',
    });
  });
});

describe('what a checkout of the commit writes is its file', () => {
  test.each([
    ['line endings', '*.txt text eol=crlf\n', 'a\nb\n', 'a\r\nb\r\n'],
    ['$Id$', '*.txt ident\n', '$Id$\n', undefined],
    ['an encoding', '*.txt text working-tree-encoding=UTF-16LE\n', 'a\n', undefined],
  ])('with %s that the commit asks for', async (_, attributes, stored, written) => {
    tree.init();
    tree.write('.gitattributes', attributes);
    const isEncoded = attributes.includes('encoding');
    tree.write('a.txt', isEncoded ? Buffer.from(stored, 'utf16le') : stored);
    tree.commit();
    rmSync(tree.at('a.txt'));
    tree.git('checkout', '--', '.');
    expect(await detect()).toMatchObject({ dirty: false });
    if (written !== undefined) {
      expect(statSync(tree.at('a.txt')).size).toBe(written.length);
      tree.write('a.txt', `${written}\n`);
    } else tree.write('a.txt', 'other');
    await expect(detect()).rejects.toMatchObject(dirty('a.txt'));
  });

  test('and so is what a Git LFS pointer names', async () => {
    const content = 'large';
    const oid = createHash('sha256').update(content).digest('hex');
    tree.init();
    tree.write('.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n');
    tree.write(
      'a.bin',
      `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`,
    );
    tree.commit();
    expect(await detect()).toMatchObject({ dirty: false });
    tree.write('a.bin', content);
    expect(await detect()).toMatchObject({ dirty: false });
    tree.write('a.bin', 'large!');
    await expect(detect()).rejects.toMatchObject(dirty('a.bin'));
  });
});

describe('a sparse checkout', () => {
  test('may lack what the build does not read', async () => {
    project();
    tree.git('sparse-checkout', 'set', '--no-cone', '/app');
    expect(await detect(reads(tree.at('app')))).toMatchObject({ dirty: false });
    rmSync(tree.at('app/main.js'));
    await expect(detect(reads(tree.at('app')))).rejects.toMatchObject(dirty('app/main.js'));
  });

  test('may have a sparse index', async () => {
    project();
    tree.write('deep/er/file', 'x');
    tree.commit();
    tree.git('sparse-checkout', 'set', '--cone', '--sparse-index', 'app');
    expect(await detect(reads(tree.at('app')))).toMatchObject({ dirty: false });
  });
});

describe('a submodule', () => {
  let library: WorkTree;
  beforeEach(() => {
    library = new WorkTree();
    library.committed();
    project();
    tree.git('submodule', '--quiet', 'add', library.folder, 'library');
    tree.commit();
  });
  afterEach(() => library.remove());

  test('counts, whatever is to be ignored in it', async () => {
    tree.git('config', 'submodule.library.ignore', 'all');
    tree.git('config', 'diff.ignoreSubmodules', 'all');
    expect(await detect()).toMatchObject({ dirty: false });
    tree.write('library/a.txt', 'evil');
    expect(tree.git('status', '--porcelain')).toBe('');
    await expect(detect()).rejects.toMatchObject(dirty('library/a.txt'));
  });

  test('with an untracked file, or at another commit, is a difference', async () => {
    tree.write('library/new', 'x');
    await expect(detect()).rejects.toMatchObject(dirty('library/new'));
    rmSync(tree.at('library/new'));
    const inner = new WorkTree(tree.at('library'));
    inner.git('commit', '--quiet', '--allow-empty', '-m', 'other');
    await expect(detect()).rejects.toMatchObject(dirty('library'));
  });

  test('that is not checked out is an empty folder, as in a fresh clone', async () => {
    tree.git('submodule', '--quiet', 'deinit', '--force', 'library');
    expect(await detect()).toMatchObject({ dirty: false });
    tree.write('library/file', 'x');
    await expect(detect()).rejects.toMatchObject(dirty('library'));
  });
});

test('files are read once in a process, and again if they may have changed', async () => {
  project();
  const hashes = new FileHashes();
  const again = () => detectSource({ cwd: tree.folder, env: tree.env, hashes });
  expect(await again()).toMatchObject({ dirty: false });
  tree.write('app/main.js', 'two\n');
  await expect(again()).rejects.toMatchObject(dirty('app/main.js'));
  tree.write('app/main.js', 'one\n');
  expect(await again()).toMatchObject({ dirty: false });
});

test('a remembered file is one whose inode, size, mode or times are the same', async () => {
  project();
  const path = join(tree.folder, 'a.txt');
  const before = Date.now();
  // As if it had been read three seconds later.
  jest.spyOn(Date, 'now').mockReturnValue(before + 3_000);
  const hashes = new FileHashes();
  const first = await hashes.of(path, 'sha1');
  expect(await hashes.of(path, 'sha1')).toBe(first);
  writeFileSync(path, 'b\n');
  expect(await hashes.of(path, 'sha1')).not.toBe(first);
  jest.restoreAllMocks();
});
