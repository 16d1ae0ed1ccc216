import { type ProvenPrefix, replayConsistency } from '../sigstore/tree-range';
import { inconsistent, type LogReader, type LogTree } from './log-reader';

/** The size and the root of a tree. */
export interface TreeState {
  readonly size: number;
  readonly root: Buffer;
}

/**
 * Verifies with the log's proof that its signed tree begins with the tree of this size and root.
 *
 * @param size between zero and the size of the signed tree, and less than it
 * @param root required where the size is a power of two
 * @throws SignedImageError `LOG_INCONSISTENT`, `REKOR_FAILED`
 */
export async function prove(
  reader: LogReader,
  tree: LogTree,
  size: number,
  root: Buffer | undefined,
): Promise<ProvenPrefix> {
  const { head } = tree;
  const proof = await reader.consistency(tree, size, head.size);
  const proven = replayConsistency({ old: size, new: head.size }, proof, root);
  const isConsistent =
    proven?.newRoot.equals(head.root) && (root === undefined || proven.oldRoot.equals(root));
  if (proven && isConsistent) return proven;
  throw inconsistent(
    reader.url,
    `does not prove that its signed tree of ${head.size} entries continues the one of ${size} entries (tree ${tree.id}): entries were changed or removed, or the log has forked`,
  );
}

/**
 * Verifies that the signed tree is an earlier one with further entries, or the same.
 *
 * @throws SignedImageError `LOG_INCONSISTENT`, `REKOR_FAILED`
 */
export async function checkContinues(
  reader: LogReader,
  tree: LogTree,
  { size, root }: TreeState,
): Promise<void> {
  const { head, id } = tree;
  if (head.size < size) {
    throw inconsistent(
      reader.url,
      `now signs ${head.size} entries in its tree ${id}, after it has signed ${size}`,
    );
  }
  if (size === 0) return;
  if (head.size > size) {
    await prove(reader, tree, size, root);
  } else if (!head.root.equals(root)) {
    throw inconsistent(
      reader.url,
      `has signed two different trees of ${size} entries (tree ${id})`,
    );
  }
}
