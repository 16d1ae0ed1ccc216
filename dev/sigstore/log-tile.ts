import type { MerkleTree } from './merkle-tree';

const WIDTH = 256;
const ENTRIES = /^\/api\/v2\/tile\/entries\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/;
const PATH = /^\/api\/v2\/tile\/(\d+)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/;

const indexOf = (number: string): number => Number(number.replace(/[x/]/g, ''));

/**
 * A full or partial entry bundle, by its path; `undefined` for an invalid path or missing entries.
 * https://github.com/C2SP/C2SP/blob/main/tlog-tiles.md#log-entries
 */
export function entryBundleAt(entries: readonly Buffer[], path: string): Buffer | undefined {
  const [, number = '', part] = ENTRIES.exec(path) ?? [];
  if (number === '') return undefined;
  const first = indexOf(number) * WIDTH;
  const width = part === undefined ? WIDTH : Number(part);
  if (first + width > entries.length) return undefined;
  return Buffer.concat(
    entries.slice(first, first + width).flatMap((entry) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(entry.length);
      return [length, entry];
    }),
  );
}

/**
 * A full or partial tile of a log's tree, by its path; `undefined` for an invalid path or a missing tile.
 * https://github.com/C2SP/C2SP/blob/main/tlog-tiles.md#merkle-tree
 */
export function tileAt(tree: MerkleTree, path: string): Buffer | undefined {
  const [, level = '', number = '', part] = PATH.exec(path) ?? [];
  if (number === '') return undefined;
  const index = indexOf(number);
  const leaves = WIDTH ** Number(level);
  const width = part === undefined ? WIDTH : Number(part);
  const first = index * WIDTH * leaves;
  if (first + width * leaves > tree.size) return undefined;
  const hashes = Array.from({ length: width }, (_, at) =>
    tree.rootOver(first + at * leaves, first + (at + 1) * leaves),
  );
  return Buffer.concat(hashes);
}
