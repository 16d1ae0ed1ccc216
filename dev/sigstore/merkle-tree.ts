import { createHash } from 'node:crypto';

/** The append-only hash tree of https://www.rfc-editor.org/rfc/rfc6962#section-2.1 */
export class MerkleTree {
  readonly #leaves: Buffer[] = [];

  get size(): number {
    return this.#leaves.length;
  }

  get root(): Buffer {
    return rootOf(this.#leaves);
  }

  /** Adds a leaf and returns its index. */
  append(leafHash: Buffer): number {
    return this.#leaves.push(leafHash) - 1;
  }

  /** The root of the tree over some of the leaves. */
  rootOver(start: number, end: number): Buffer {
    return rootOf(this.#leaves.slice(start, end));
  }

  /** The path from a leaf to the root of the tree as it is now, lowest sibling first. */
  inclusionProof(index: number): Buffer[] {
    return path(index, this.#leaves);
  }

  /** Shows that the tree of the first `size` leaves is the beginning of this one. */
  consistencyProof(size: number): Buffer[] {
    return size === 0 || size >= this.size ? [] : subproof(size, this.#leaves, true);
  }

  /** The root when it had only so many leaves. */
  rootAt(size: number): Buffer {
    return rootOf(this.#leaves.slice(0, size));
  }
}

export function hashLeaf(entry: Buffer): Buffer {
  return createHash('sha256')
    .update(Buffer.from([0]))
    .update(entry)
    .digest();
}

function hashNode(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256')
    .update(Buffer.from([1]))
    .update(left)
    .update(right)
    .digest();
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return only;
  const at = split(leaves.length);
  return hashNode(rootOf(leaves.slice(0, at)), rootOf(leaves.slice(at)));
}

function path(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length <= 1) return [];
  const at = split(leaves.length);
  return index < at
    ? [...path(index, leaves.slice(0, at)), rootOf(leaves.slice(at))]
    : [...path(index - at, leaves.slice(at)), rootOf(leaves.slice(0, at))];
}

/** SUBPROOF of section 2.1.2; `whole` says whether the subtree's root is known to the verifier. */
function subproof(size: number, leaves: readonly Buffer[], whole: boolean): Buffer[] {
  if (size === leaves.length) return whole ? [] : [rootOf(leaves)];
  const at = split(leaves.length);
  return size <= at
    ? [...subproof(size, leaves.slice(0, at), whole), rootOf(leaves.slice(at))]
    : [...subproof(size - at, leaves.slice(at), false), rootOf(leaves.slice(0, at))];
}

/** The largest power of two smaller than `size`. */
function split(size: number): number {
  let at = 1;
  while (at * 2 < size) at *= 2;
  return at;
}
