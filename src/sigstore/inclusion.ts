import { createHash } from 'node:crypto';

/** https://www.rfc-editor.org/rfc/rfc6962#section-2.1 */
export function leafHash(leaf: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(leaf).digest();
}

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}

/** The position of a leaf: its index, and the number of leaves in the tree. */
export interface LeafPosition {
  readonly index: bigint;
  readonly size: bigint;
}

/**
 * Computes the root of the tree from a leaf and its inclusion proof; `undefined` for a malformed
 * proof. https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2
 */
export function rootFromProof(
  leaf: Buffer,
  { index, size }: LeafPosition,
  proof: readonly Buffer[],
): Buffer | undefined {
  if (index < 0n || index >= size) return undefined;
  let node = index;
  let last = size - 1n;
  let root = leafHash(leaf);
  for (const hash of proof) {
    if (last === 0n) return undefined;
    if ((node & 1n) === 1n || node === last) {
      root = nodeHash(hash, root);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      root = nodeHash(root, hash);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? root : undefined;
}

/** The tree head in a checkpoint: https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md */
export interface TreeHead {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Buffer;
}

/** Parses a checkpoint; `undefined` if it is malformed. The verifier checks its signatures. */
export function parseCheckpoint(envelope: string): TreeHead | undefined {
  const [origin = '', size = '', root = ''] = envelope.split('\n');
  if (origin === '' || !/^\d{1,19}$/.test(size) || !envelope.includes('\n\n')) return undefined;
  const hash = Buffer.from(root, 'base64');
  return hash.length === 32 ? { origin, size: BigInt(size), root: hash } : undefined;
}
