import { hashLeaf, MerkleTree } from '../../dev/sigstore/merkle-tree';
import { isPowerOfTwo, replayConsistency, TreeRange } from '../../src/sigstore/tree-range';

const MOST = 70;
const leaf = (index: number): Buffer => hashLeaf(Buffer.from(`entry ${index}`));

function treeOf(size: number): MerkleTree {
  const tree = new MerkleTree();
  for (let index = 0; index < size; index += 1) tree.append(leaf(index));
  return tree;
}

describe('TreeRange', () => {
  it('has the root of the tree after each leaf', () => {
    const tree = new MerkleTree();
    const range = new TreeRange();
    expect(range.root()).toBeUndefined();
    for (let index = 0; index < MOST; index += 1) {
      tree.append(leaf(index));
      range.append(leaf(index));
      expect(range.root()).toEqual(tree.root);
    }
  });

  it('refuses a range with missing hashes', () => {
    expect(() => new TreeRange(3, [leaf(0)])).toThrow('missing hashes');
  });
});

describe('replayConsistency', () => {
  const tree = treeOf(MOST);

  it('computes both roots and a range to which leaves can be appended, for all sizes', () => {
    for (let current = 2; current <= MOST; current += 1) {
      for (let old = 1; old < current; old += 1) {
        const proof = tree.consistencyProof(old, current);
        const known = isPowerOfTwo(old) ? tree.rootAt(old) : undefined;
        const proven = replayConsistency({ old, new: current }, proof, known);
        expect(proven?.oldRoot).toEqual(tree.rootAt(old));
        expect(proven?.newRoot).toEqual(tree.rootAt(current));
        const { range } = proven ?? {};
        for (let index = old; index < current; index += 1) range?.append(leaf(index));
        expect(range?.root()).toEqual(tree.rootAt(current));
      }
    }
  });

  it('does not prove another tree', () => {
    const other = new MerkleTree();
    for (let index = 0; index < 40; index += 1) other.append(leaf(index === 7 ? 1000 : index));
    const proof = other.consistencyProof(21, 40);
    const proven = replayConsistency({ old: 21, new: 40 }, proof, tree.rootAt(21));
    expect(proven?.oldRoot.equals(tree.rootAt(21))).toBe(false);
  });

  it.each([
    ['too few hashes', 21, 40, -1],
    ['too many hashes', 21, 40, 1],
    ['sizes in the wrong order', 40, 21, 0],
    ['an empty tree', 0, 21, 0],
  ])('refuses a proof with %s', (_, old, current, change) => {
    const proof = [...tree.consistencyProof(21, 40), leaf(0)];
    const given = proof.slice(0, proof.length - 1 + change);
    expect(replayConsistency({ old, new: current }, given, undefined)).toBeUndefined();
  });
});
