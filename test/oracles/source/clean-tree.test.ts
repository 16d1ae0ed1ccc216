import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';

import fc from 'fast-check';

import { detectSource } from '../../../src/source';
import { WorkTree } from '../../source/work-tree';
import { inputCount, recordOracle } from '../support/tally';

interface File {
  readonly path: string;
  readonly content: string;
  readonly kind: 'file' | 'executable' | 'link';
}

const name = fc.constantFrom('a.txt', 'b.bin', 'run.sh', 'x y', 'é.txt', 'ignored.log', 'A.TXT');
const path = fc
  .tuple(fc.constantFrom('', 'app/', 'app/deep/', 'lib/'), name)
  .map((parts) => parts.join(''));
const content = fc.constantFrom('', 'a\n', 'a\nb\n', 'a\r\nb\r\n', '$Id$\n', '\0\x01', 'a');
const file: fc.Arbitrary<File> = fc.record({
  path,
  content,
  kind: fc.constantFrom('file', 'file', 'file', 'executable', 'link'),
});

/** Attributes of the commit itself, which a checkout honors. */
const attributes = fc.constantFrom(
  '',
  '* text=auto\n',
  '*.txt text eol=crlf\n',
  '*.txt text eol=lf\n',
  '*.txt ident\n',
  '* -text\n',
  '*.txt text working-tree-encoding=UTF-16LE-BOM\n',
);

/** What hides differences from git. */
const HIDING: Readonly<Record<string, (tree: WorkTree) => void>> = {
  nothing: () => undefined,
  'assume-unchanged': (tree) => flag(tree, '--assume-unchanged'),
  'skip-worktree': (tree) => flag(tree, '--skip-worktree'),
  'core.fileMode': (tree) => void tree.git('config', 'core.fileMode', 'false'),
  'core.symlinks': (tree) => void tree.git('config', 'core.symlinks', 'false'),
  'core.autocrlf': (tree) => void tree.git('config', 'core.autocrlf', 'true'),
  'core.eol': (tree) => void tree.git('config', 'core.eol', 'crlf'),
  'core.ignoreCase': (tree) => void tree.git('config', 'core.ignoreCase', 'true'),
  'core.ignoreStat': (tree) => void tree.git('config', 'core.ignoreStat', 'true'),
  'core.trustctime': (tree) => void tree.git('config', 'core.trustctime', 'false'),
  'core.untrackedCache': (tree) => void tree.git('config', 'core.untrackedCache', 'true'),
  showUntrackedFiles: (tree) => void tree.git('config', 'status.showUntrackedFiles', 'no'),
  'info/exclude': (tree) => tree.write('.git/info/exclude', '*\n'),
  'info/attributes': (tree) => tree.write('.git/info/attributes', '* text eol=crlf\n'),
  'filter.clean': (tree) => {
    tree.git('config', 'filter.x.clean', 'printf a');
    tree.write('.git/info/attributes', '* filter=x\n');
  },
};

function flag(tree: WorkTree, name: string): void {
  const paths = tree.git('-c', 'core.quotePath=false', 'ls-files').split('\n').filter(Boolean);
  tree.git('update-index', name, '--', ...paths);
}

type Edit = (tree: WorkTree, files: readonly File[], file: File) => void;
const EDITS: Readonly<Record<string, Edit>> = {
  nothing: () => undefined,
  'nothing, twice as often': () => undefined,
  write: (tree, _, { path: at, content: text }) => replace(tree, at, () => tree.write(at, text)),
  remove: (tree, [first]) => rmSync(tree.at(first?.path ?? 'none'), { force: true }),
  mode: (tree, files) => {
    const plain = files.find(({ kind }) => kind === 'file');
    if (plain) chmodSync(tree.at(plain.path), 0o755);
  },
  link: (tree, [first]) => {
    if (first) replace(tree, first.path, () => symlinkSync('elsewhere', tree.at(first.path)));
  },
  'link as a file': (tree, files) => {
    const link = files.find(({ kind }) => kind === 'link');
    if (link) replace(tree, link.path, () => tree.write(link.path, target(link)));
  },
  endings: (tree, files) => {
    for (const { path: at, kind } of files) {
      if (kind === 'link') continue;
      const text = readFileSync(tree.at(at), 'latin1').replaceAll('\r\n', '\n');
      tree.write(at, Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1'));
    }
  },
  'new file': (tree) => tree.write('app/new.txt', 'new'),
  'ignored file': (tree) => tree.write('app/new.log', 'new'),
  'checkout again': (tree) => {
    for (const entry of listing(tree)) rmSync(tree.at(entry), { force: true });
    tree.git('checkout', '--force', '--', '.');
  },
};

function replace(tree: WorkTree, at: string, make: () => void): void {
  rmSync(tree.at(at), { force: true, recursive: true });
  make();
}

const target = ({ content: text }: File): string => text.replace(/[\0\n]/g, '') || 'target';

/** All files, without the repository. */
function listing(tree: WorkTree, folder = ''): readonly string[] {
  return readdirSync(tree.at(folder || '.'), { withFileTypes: true })
    .filter((entry) => entry.name !== '.git')
    .flatMap((entry) => {
      const at = `${folder}${entry.name}`;
      return entry.isDirectory() ? listing(tree, `${at}/`) : [at];
    })
    .sort();
}

function shown(tree: WorkTree, at: string): string {
  const stats = lstatSync(tree.at(at));
  if (stats.isSymbolicLink()) return `link ${readlinkSync(tree.at(at))}`;
  return `${stats.mode & 0o100 ? 'x' : '-'} ${readFileSync(tree.at(at), 'base64')}`;
}

/**
 * The truth: a fresh clone, file by file. A file may also have the bytes that the commit stores, which a
 * clone would have without attributes.
 */
function isThatOfCommit(tree: WorkTree): boolean {
  const clone = new WorkTree();
  try {
    const quiet = ['clone', '--quiet', '--no-local', tree.folder];
    execFileSync('git', [...quiet, clone.at('files')], { env: tree.env, stdio: 'ignore' });
    const bare = [...quiet, '--no-checkout', clone.at('stored')];
    execFileSync('git', bare, { env: tree.env, stdio: 'ignore' });
    const fresh = new WorkTree(clone.at('files'));
    const stored = new WorkTree(clone.at('stored'));
    stored.write('.git/info/attributes', '* -text -ident -working-tree-encoding !eol\n');
    stored.git('checkout', '--quiet', 'main', '--', '.');
    const [ours, theirs] = [listing(tree), listing(fresh)];
    if (ours.join('\n') !== theirs.join('\n')) return false;
    return ours.every((at) =>
      [fresh, stored].some((other) => shown(other, at) === shown(tree, at)),
    );
  } finally {
    clone.remove();
  }
}

test('a tree is clean if and only if a fresh clone has the same files', async () => {
  const count = inputCount(150, 20);
  const cases = fc.sample(
    fc.record({
      files: fc.uniqueArray(file, { minLength: 1, maxLength: 6, selector: ({ path: at }) => at }),
      attributes,
      hiding: fc.constantFrom(...Object.keys(HIDING)),
      isBefore: fc.boolean(),
      edit: fc.constantFrom(...Object.keys(EDITS)),
      other: file,
    }),
    { numRuns: count, seed: 5 },
  );
  const differences: unknown[] = [];
  let clean = 0;
  for (const { files, attributes: text, hiding, isBefore, edit, other } of cases) {
    const tree = new WorkTree();
    tree.init();
    tree.write('.gitignore', 'new.log\n');
    if (text !== '') tree.write('.gitattributes', text);
    for (const each of files) {
      mkdirSync(dirname(tree.at(each.path)), { recursive: true });
      if (each.kind === 'link') symlinkSync(target(each), tree.at(each.path));
      else tree.write(each.path, encoded(each, text));
      if (each.kind === 'executable') chmodSync(tree.at(each.path), 0o755);
    }
    tree.commit();
    if (isBefore) HIDING[hiding]?.(tree);
    EDITS[edit]?.(tree, files, other);
    if (!isBefore) HIDING[hiding]?.(tree);
    const reads = {
      context: tree.folder,
      further: [],
      sends: () => true,
      hasExceptions: false,
    };
    const ours = await detectSource({ cwd: tree.folder, env: tree.env, reads }).then(
      (facts) => facts.dirty === false,
      (error: unknown) => (error as { readonly code?: string }).code,
    );
    const truth = isThatOfCommit(tree);
    if (truth) clean++;
    if (ours !== (truth || 'SOURCE_DIRTY')) {
      differences.push({ files, text, hiding, isBefore, edit, other, ours, truth });
    }
    tree.remove();
    expect(existsSync(tree.folder)).toBe(false);
  }
  recordOracle('clean work trees, a fresh clone', count, differences.length);
  expect(differences).toEqual([]);
  // Both answers must occur, or this compares nothing.
  expect(clean).toBeGreaterThan(count / 10);
  expect(clean).toBeLessThan(count - count / 10);
}, 900_000);

/** git refuses to store what does not have the declared encoding. */
function encoded({ path: at, content: text }: File, attributes: string): string | Buffer {
  const isEncoded = attributes.includes('encoding') && at.endsWith('.txt');
  return isEncoded ? Buffer.from(`\ufeff${text}`, 'utf16le') : text;
}
