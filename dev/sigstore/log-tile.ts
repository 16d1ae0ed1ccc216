import type { MerkleTree } from './merkle-tree';

const WIDTH = 256;
const PATH = /^\/api\/v2\/tile\/(\d+)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/;

/**
 * A full or partial tile of a log's tree, by its path; `undefined` for an invalid path or a missing tile.
 * https://github.com/C2SP/C2SP/blob/main/tlog-tiles.md#merkle-tree
 */
export function tileAt(tree: MerkleTree, path: string): Buffer | undefined {
  const [, level = '', number = '', part] = PATH.exec(path) ?? [];
  if (number === '') return undefined;
  const index = Number(number.replace(/[x/]/g, ''));
  const leaves = WIDTH ** Number(level);
  const width = part === undefined ? WIDTH : Number(part);
  const first = index * WIDTH * leaves;
  if (first + width * leaves > tree.size) return undefined;
  const hashes = Array.from({ length: width }, (_, at) =>
    tree.rootOver(first + at * leaves, first + (at + 1) * leaves),
  );
  return Buffer.concat(hashes);
}
