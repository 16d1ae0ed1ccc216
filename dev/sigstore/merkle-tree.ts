import { createHash } from 'node:crypto';

/**
 * The append-only hash tree of https://www.rfc-editor.org/rfc/rfc6962#section-2.1
 *
 * Complete subtrees never change, so their hashes are cached: level 0 has the leaves, and a node of
 * level n is the root over 2^n of them. A root or proof is then computed from a few hashes,
 * independent of the number of leaves.
 */
export class MerkleTree {
  readonly #levels: Buffer[][] = [[]];

  get size(): number {
    return this.#levels[0]?.length ?? 0;
  }

  get root(): Buffer {
    return this.rootOver(0, this.size);
  }

  /** Adds a leaf and returns its index. */
  append(leafHash: Buffer): number {
    let nodes = this.#level(0);
    const index = nodes.push(leafHash) - 1;
    for (let level = 1; nodes.length % 2 === 0; level += 1) {
      const [left, right] = nodes.slice(-2);
      nodes = this.#level(level);
      if (left && right) nodes.push(hashNode(left, right));
    }
    return index;
  }

  /** The root of the tree over some of the leaves. */
  rootOver(start: number, end: number): Buffer {
    const leaves = end - start;
    if (leaves <= 0) return createHash('sha256').digest();
    const level = Math.log2(leaves);
    if (Number.isInteger(level) && start % leaves === 0) {
      const whole = this.#levels[level]?.[start / leaves];
      if (whole) return whole;
    }
    const at = start + split(leaves);
    return hashNode(this.rootOver(start, at), this.rootOver(at, end));
  }

  /** The path from a leaf to the current root of the tree, lowest sibling first. */
  inclusionProof(index: number): Buffer[] {
    return this.#path(index, 0, this.size);
  }

  /** Proves that the tree of the first `size` leaves is a prefix of that of the first `end`. */
  consistencyProof(size: number, end = this.size): Buffer[] {
    return size === 0 || size >= end ? [] : this.#subproof(size, 0, end, true);
  }

  /** The root of the first `size` leaves. */
  rootAt(size: number): Buffer {
    return this.rootOver(0, size);
  }

  #level(level: number): Buffer[] {
    return (this.#levels[level] ??= []);
  }

  #path(index: number, start: number, end: number): Buffer[] {
    if (end - start <= 1) return [];
    const at = start + split(end - start);
    return index < at
      ? [...this.#path(index, start, at), this.rootOver(at, end)]
      : [...this.#path(index, at, end), this.rootOver(start, at)];
  }

  /** SUBPROOF of section 2.1.2; `whole`: whether the verifier has the subtree's root. */
  #subproof(size: number, start: number, end: number, whole: boolean): Buffer[] {
    if (size === end) return whole ? [] : [this.rootOver(start, end)];
    const at = start + split(end - start);
    return size <= at
      ? [...this.#subproof(size, start, at, whole), this.rootOver(at, end)]
      : [...this.#subproof(size, at, end, false), this.rootOver(start, at)];
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

/** The largest power of two smaller than `size`. */
function split(size: number): number {
  let at = 1;
  while (at * 2 < size) at *= 2;
  return at;
}
