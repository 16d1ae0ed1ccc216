import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { detectSource, SourceCache, type FilesRead } from '../../src/source';
import { detectBuild, dirty, project, reads } from './project';
import { WorkTree } from './work-tree';

let tree: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
});
afterEach(() => tree.remove());

const detect = (files?: FilesRead) => detectBuild(tree, files);

/** For an image that is not built here. */
const detectOnly = () => detectSource({ cwd: tree.folder, env: tree.env });

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
    'a folder instead of a file',
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
  project(tree);
  change();
  await expect(detectOnly()).rejects.toMatchObject(dirty(path));
});

describe('with attributes that convert files at checkout', () => {
  beforeEach(() => {
    project(tree);
    tree.write('.gitattributes', '* text=auto\n');
    tree.commit();
  });

  test.each(SHOWN)('%s is a difference', async (_, path, change) => {
    change();
    await expect(detectOnly()).rejects.toMatchObject(dirty(path));
  });

  test('a link to a file with the same content is a difference', async () => {
    const content = readFileSync(tree.at('a.txt'));
    rmSync(tree.at('a.txt'));
    tree.write('.git/same', content);
    symlinkSync('.git/same', tree.at('a.txt'));
    await expect(detectOnly()).rejects.toMatchObject(dirty('a.txt'));
  });
});

describe('what git ignores', () => {
  beforeEach(() => {
    project(tree);
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

  test('is not computed if nothing is sent or built', async () => {
    const ignored = reads(tree.at('app'), /^node_modules|\.log$/);
    expect(await detect(ignored)).toMatchObject({ dirty: false });
    expect(await detectOnly()).toMatchObject({ dirty: false });
  });

  test('is not computed for a folder other than the context', async () => {
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
    await expect(detect(reads(tree.at('app'), /^node_modules|^debug/))).rejects.toMatchObject({
      code: 'SOURCE_DIRTY',
    });
  });
});

describe('what a checkout of the commit writes is its file', () => {
  test.each([
    ['line endings', '*.txt text eol=crlf\n', 'a\nb\n', 'a\r\nb\r\n'],
    ['$Id$', '*.txt ident\n', '$Id$\n', undefined],
    ['an encoding', '*.txt text working-tree-encoding=UTF-16LE\n', 'a\n', undefined],
  ])('with %s in the attributes of the commit', async (_, attributes, stored, written) => {
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
    project(tree);
    tree.git('sparse-checkout', 'set', '--no-cone', '/app');
    expect(await detect(reads(tree.at('app')))).toMatchObject({ dirty: false });
    rmSync(tree.at('app/main.js'));
    await expect(detect(reads(tree.at('app')))).rejects.toMatchObject(dirty('app/main.js'));
  });

  test('may have a sparse index', async () => {
    project(tree);
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
    project(tree);
    tree.git('submodule', '--quiet', 'add', library.folder, 'library');
    tree.commit();
  });
  afterEach(() => library.remove());

  test('counts, also if its files are ignored', async () => {
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
  project(tree);
  const cache = new SourceCache();
  const again = () => detectSource({ cwd: tree.folder, env: tree.env, cache });
  expect(await again()).toMatchObject({ dirty: false });
  tree.write('app/main.js', 'two\n');
  await expect(again()).rejects.toMatchObject(dirty('app/main.js'));
  tree.write('app/main.js', 'one\n');
  expect(await again()).toMatchObject({ dirty: false });
});

test('a cached file is used only with the same inode, size, mode and times', async () => {
  project(tree);
  const path = join(tree.folder, 'a.txt');
  const before = Date.now();
  // As if it had been read three seconds later.
  jest.spyOn(Date, 'now').mockReturnValue(before + 3_000);
  const { hashes } = new SourceCache();
  const first = await hashes.of(path, 'sha1');
  expect(await hashes.of(path, 'sha1')).toBe(first);
  writeFileSync(path, 'b\n');
  expect(await hashes.of(path, 'sha1')).not.toBe(first);
  jest.restoreAllMocks();
});

test('the advice fits the kind of difference: ignoring a changed file does not help', async () => {
  tree.committed();
  tree.write('a.txt', 'changed');
  tree.write('new.txt', 'new');
  await expect(detectOnly()).rejects.toThrow(
    /"a\.txt" changed; commit or restore these; "new\.txt" not in the commit; .*\.gitignore/,
  );
});

test('files outside of the checkout are not to be ignored, but to be in the declared one', async () => {
  tree.committed();
  const other = new WorkTree();
  other.write('Dockerfile', 'FROM scratch\n');
  const detected = detectSource({
    cwd: other.folder,
    program: tree.folder,
    env: tree.env,
    overrides: { directory: tree.folder },
    reads: { context: other.folder, further: [], sends: () => true, hasExceptions: false },
  });
  await expect(detected).rejects.toThrow(
    /outside of the checkout: "\.\.\/.*Dockerfile"; set `source\.directory`/,
  );
  other.remove();
});
