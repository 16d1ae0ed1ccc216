import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { SignedImageError } from '../../src/error';
import { hashedPaths, writeTree } from './support/context-tree';
import { ignoreFile, tree } from './support/ignore-cases';
import { mobySends } from './support/moby';
import { inputCount, recordOracle } from './support/tally';

const NAME = "what buildx sends (moby's patternmatcher)";
const FILES_PER_TREE = 20;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signed-image-oracle-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Case {
  readonly root: string;
  readonly dockerfile: string;
  readonly file: Buffer;
}

/** The same cases in every run. */
function cases(trees: number): readonly Case[] {
  const [sampledTrees, files] = [
    fc.sample(tree, { numRuns: trees, seed: 12 }),
    fc.sample(ignoreFile, { numRuns: trees * FILES_PER_TREE, seed: 6 }),
  ];
  return sampledTrees.flatMap((paths, index) => {
    const root = join(folder, `tree-${index}`);
    writeTree(root, paths);
    return Array.from({ length: FILES_PER_TREE }, (_, each): Case => {
      const file = files[index * FILES_PER_TREE + each] ?? Buffer.alloc(0);
      const dockerfile = join(folder, `Dockerfile-${index}-${each}`);
      writeFileSync(dockerfile, 'FROM scratch\n');
      writeFileSync(`${dockerfile}.dockerignore`, file);
      return { root, dockerfile, file };
    });
  });
}

const INVALID = 'the file is invalid';

async function ours({ root, dockerfile }: Case): Promise<readonly string[] | typeof INVALID> {
  try {
    return await hashedPaths(root, dockerfile);
  } catch (error) {
    if (error instanceof SignedImageError && error.code === 'BUILD_CONTEXT_INVALID') return INVALID;
    throw error;
  }
}

test('the content hash covers what is sent, and nothing else', async () => {
  const all = cases(inputCount(300, 25));
  const answers = await mobySends(all);
  const differences: unknown[] = [];
  let invalid = 0;
  for (const [index, asked] of all.entries()) {
    const answer = answers[index];
    const theirs = answer?.error === undefined ? answer?.sent : INVALID;
    const found = await ours(asked);
    if (theirs === INVALID) invalid++;
    if (JSON.stringify(found) !== JSON.stringify(theirs)) {
      differences.push({ file: asked.file.toString('latin1'), ours: found, theirs, answer });
    }
  }
  recordOracle(NAME, all.length, differences.length);
  expect(differences.slice(0, 5)).toEqual([]);
  // Both kinds are among the inputs, and files that every builder takes are most of them.
  expect(invalid).toBeGreaterThan(0);
  expect(invalid).toBeLessThan(all.length / 2);
}, 900_000);
