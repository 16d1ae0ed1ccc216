import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { detectBuild, dirty } from './project';
import { WorkTree } from './work-tree';

/**
 * git does not hash objects that it reads from its object store. An attacker who can write there (a poisoned cache of a CI
 * system, an archive) must not be able to replace the files of a known commit.
 */

let tree: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
  tree.init();
});
afterEach(() => tree.remove());

function objectPath(id: string): string {
  return tree.at(`.git/objects/${id.slice(0, 2)}/${id.slice(2)}`);
}

/** Stores the content of one object under the id of another. */
function plant(content: string | Buffer, id: string): void {
  tree.write('.git/planted', content);
  const other = tree.git('hash-object', '-w', '--no-filters', '.git/planted');
  mkdirSync(dirname(objectPath(id)), { recursive: true });
  rmSync(objectPath(id), { force: true });
  copyFileSync(objectPath(other), objectPath(id));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A commit graph with another tree, and the checksum at its end that fits. */
function replaceTree(graph: string, from: string, to: string): void {
  const bytes = readFileSync(graph);
  const at = bytes.indexOf(Buffer.from(from, 'hex'));
  expect(at).toBeGreaterThan(0);
  bytes.set(Buffer.from(to, 'hex'), at);
  const body = bytes.subarray(0, -20);
  bytes.set(createHash('sha1').update(body).digest(), body.length);
  chmodSync(graph, 0o644);
  writeFileSync(graph, bytes);
}

const idOf = (path: string): string => tree.git('rev-parse', `HEAD:${path}`);

test('the content of a file with converted line endings is that of its id', async () => {
  tree.write('.gitattributes', '* text=auto\n');
  tree.write('run.sh', 'echo good\n');
  tree.commit();
  plant('echo evil\n', idOf('run.sh'));
  tree.write('run.sh', 'echo evil\n');
  await expect(detectBuild(tree)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
});

test('the attributes are those of the commit', async () => {
  tree.write('.gitattributes', '* -text\n');
  tree.write('run.sh', 'echo good\n');
  tree.commit();
  plant('* eol=crlf\n', idOf('.gitattributes'));
  tree.write('run.sh', 'echo good\r\n');
  await expect(detectBuild(tree)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
});

test('a Git LFS pointer is that of the commit', async () => {
  const pointer = (oid: string, size: number) =>
    `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
  tree.write('.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n');
  tree.write('a.bin', pointer('0'.repeat(64), 5));
  tree.commit();
  plant(pointer(sha256('evil'), 4), idOf('a.bin'));
  tree.write('a.bin', 'evil');
  await expect(detectBuild(tree)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
});

test('a commit graph cannot name another tree for the commit', async () => {
  tree.write('.gitattributes', '* text=auto\n');
  tree.write('run.sh', 'echo good\n');
  const good = tree.commit();
  const goodTree = tree.git('rev-parse', 'HEAD^{tree}');
  tree.write('run.sh', 'echo evil\n');
  tree.git('add', '.');
  const evilTree = tree.git('write-tree');
  tree.git('commit-graph', 'write', '--reachable');
  const graph = tree.at('.git/objects/info/commit-graph');
  replaceTree(graph, goodTree, evilTree);
  expect(tree.git('log', '-1', '--format=%T', good)).toBe(evilTree);
  tree.git('reset', '--quiet', '--soft', good);
  await expect(detectBuild(tree)).rejects.toMatchObject(dirty('run.sh'));
});
