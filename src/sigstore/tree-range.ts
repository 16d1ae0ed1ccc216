import { nodeHash } from './inclusion';

/**
 * The complete subtrees ("peaks") of the first leaves of a log, the largest first: with them alone, further
 * leaves can be appended and the root can be computed. It takes one hash for each bit of the size.
 *
 * https://github.com/transparency-dev/merkle/blob/main/docs/compact_ranges.md
 */
export class TreeRange {
  #size: number;
  readonly #peaks: Buffer[];

  /** @param peaks one hash for each bit that is set in `size` */
  constructor(size = 0, peaks: readonly Buffer[] = []) {
    if (peaks.length !== bitsOf(size)) throw new Error('a tree range with missing hashes');
    this.#size = size;
    this.#peaks = [...peaks];
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Buffer): void {
    let hash = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      const left = this.#peaks.pop();
      if (left) hash = nodeHash(left, hash);
    }
    this.#peaks.push(hash);
    this.#size += 1;
  }

  /** The root over the leaves so far; `undefined` for an empty tree. */
  root(): Buffer | undefined {
    const [smallest, ...larger] = [...this.#peaks].reverse();
    return smallest && larger.reduce((root, peak) => nodeHash(peak, root), smallest);
  }
}

function bitsOf(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}

/** Whether the number is 1, 2, 4, ... */
export function isPowerOfTwo(size: number): boolean {
  return bitsOf(size) === 1;
}

/** What a consistency proof proves if both roots are those that the caller knows. */
export interface ProvenPrefix {
  readonly oldRoot: Buffer;
  readonly newRoot: Buffer;
  /** The range of the old tree: its peaks are all in the proof. */
  readonly range: TreeRange;
}

/**
 * Computes both roots from a consistency proof; `undefined` for a malformed proof.
 * https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4.2
 *
 * @param sizes `0 < old < new`
 * @param proof as the log returns it: without the root of the old tree where its size is a power of two
 * @param oldRoot the known root of the old tree, required where its size is a power of two
 */
export function replayConsistency(
  sizes: { readonly old: number; readonly new: number },
  proof: readonly Buffer[],
  oldRoot: Buffer | undefined,
): ProvenPrefix | undefined {
  if (sizes.old <= 0 || sizes.old >= sizes.new) return undefined;
  const path = isPowerOfTwo(sizes.old) ? [oldRoot, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined) return undefined;
  let node = sizes.old - 1;
  let last = sizes.new - 1;
  const up = (): void => {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  };
  while (node % 2 === 1) up();
  const peaks = [first];
  let before = first;
  let after = first;
  for (const hash of rest) {
    if (last === 0 || hash === undefined) return undefined;
    if (node % 2 === 1 || node === last) {
      peaks.unshift(hash);
      before = nodeHash(hash, before);
      after = nodeHash(hash, after);
      while (node % 2 === 0 && node !== 0) up();
    } else {
      after = nodeHash(after, hash);
    }
    up();
  }
  if (last !== 0 || peaks.length !== bitsOf(sizes.old)) return undefined;
  return { oldRoot: before, newRoot: after, range: new TreeRange(sizes.old, peaks) };
}
