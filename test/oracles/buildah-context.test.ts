import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { containersIgnoreFile } from '../../src/build/containers-ignore';
import { SignedImageError } from '../../src/error';
import { hashedPaths, writeTree } from './support/context-tree';
import { ignoreFile, tree } from './support/ignore-cases';
import { inputCount, recordOracle } from './support/tally';

/** The real buildah, with separate storage; podman builds with the same libraries. */

let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signed-image-buildah-'));
  const storage = join(folder, 'storage.conf');
  writeFileSync(
    storage,
    `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/graph"\nrunroot = "${folder}/run"\n`,
  );
  env = { ...process.env, CONTAINERS_STORAGE_CONF: storage, HOME: folder };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Builds an image of the whole context, and lists its files. */
function listing(context: string, dockerfile: string, ignore: string | undefined, out: string) {
  const args = [
    ...['build', '--isolation', 'chroot', '--no-cache', '--file', dockerfile],
    ...(ignore === undefined ? [] : ['--ignorefile', ignore]),
    ...['--output', `type=local,dest=${out}`, context],
  ];
  execFileSync('buildah', args, { env, stdio: 'pipe' });
  return pathsBelow(Buffer.from(out)).toSorted();
}

/** One byte is one character. */
function pathsBelow(root: Buffer, prefix = ''): readonly string[] {
  const below = Buffer.concat([root, Buffer.from(`/${prefix}`, 'latin1')]);
  return readdirSync(below, { withFileTypes: true, encoding: 'buffer' }).flatMap((entry) => {
    const path = prefix + entry.name.toString('latin1');
    return entry.isDirectory() ? [path, ...pathsBelow(root, `${path}/`)] : [path];
  });
}

test('buildah puts into an image what the content hash covers', async () => {
  const wanted = inputCount(60, 6);
  const trees = fc.sample(tree, { numRuns: wanted * 2, seed: 21 });
  const files = fc.sample(ignoreFile, { numRuns: wanted * 2, seed: 22 });
  const differences: unknown[] = [];
  let inputs = 0;
  for (let index = 0; index < trees.length && inputs < wanted; index++) {
    const [paths, file] = [trees[index] ?? [], files[index] ?? Buffer.alloc(0)];
    const at = join(folder, `case-${index}`);
    const [context, dockerfile, out] = ['context', 'Dockerfile', 'out'].map((name) =>
      join(at, name),
    ) as [string, string, string];
    mkdirSync(at);
    writeTree(context, paths);
    writeFileSync(dockerfile, 'FROM scratch\nCOPY . /\n');
    writeFileSync(`${dockerfile}.dockerignore`, file);
    let ours: readonly string[];
    try {
      ours = await hashedPaths(context, dockerfile);
    } catch (error) {
      // A file that is refused before anything is built.
      if (error instanceof SignedImageError && error.code === 'BUILD_CONTEXT_INVALID') continue;
      throw error;
    }
    const ignore = await containersIgnoreFile({ context, dockerfile }, at);
    const theirs = listing(context, dockerfile, ignore, out);
    inputs++;
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
      differences.push({ index, file: file.toString('latin1'), ours, theirs });
    }
  }
  recordOracle("an image of the whole context (buildah's listing)", inputs, differences.length);
  expect(differences.slice(0, 3)).toEqual([]);
  expect(inputs).toBe(wanted);
}, 600_000);

test('buildah sends what was hashed where only a .containerignore excludes it', async () => {
  const at = join(folder, 'containerignore');
  const [context, out] = [join(at, 'context'), join(at, 'out')];
  mkdirSync(context, { recursive: true });
  const dockerfile = join(context, 'Dockerfile');
  writeFileSync(dockerfile, 'FROM scratch\nCOPY . /\n');
  writeFileSync(join(context, 'a'), 'a');
  writeFileSync(join(context, '.containerignore'), 'a\n');
  const ours = await hashedPaths(context, dockerfile);
  expect(ours).toContain('a');
  // What it does by itself.
  expect(listing(context, dockerfile, undefined, `${out}-alone`)).not.toContain('a');
  const ignore = await containersIgnoreFile({ context, dockerfile }, at);
  expect(listing(context, dockerfile, ignore, out)).toEqual(ours);
});
