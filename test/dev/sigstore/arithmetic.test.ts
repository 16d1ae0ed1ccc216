import { createHash, generateKeyPairSync, sign } from 'node:crypto';

import { MerkleTree, hashLeaf } from '../../../dev/sigstore/merkle-tree';
import { verifyPrehashed } from '../../../dev/sigstore/prehashed-signature';

const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const node = (left: Buffer, right: Buffer) => sha256(Buffer.from([1]), left, right);

/** https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2, written apart from the tree. */
function rootFromProof(
  index: number,
  size: number,
  leaf: Buffer,
  proof: readonly Buffer[],
): Buffer {
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (fn % 2 === 1 || fn === sn) {
      hash = node(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else {
      hash = node(hash, sibling);
    }
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  expect(sn).toBe(0);
  return hash;
}

/** https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4.2 */
function isConsistent(
  first: number,
  second: number,
  oldRoot: Buffer,
  newRoot: Buffer,
  proof: readonly Buffer[],
) {
  const path = (first & (first - 1)) === 0 ? [oldRoot, ...proof] : [...proof];
  let [fn, sn] = [first - 1, second - 1];
  while (fn % 2 === 1) [fn, sn] = [fn >> 1, sn >> 1];
  let fr = path[0]!;
  let sr = path[0]!;
  for (const hash of path.slice(1)) {
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [node(hash, fr), node(hash, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else {
      sr = node(sr, hash);
    }
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return fr.equals(oldRoot) && sr.equals(newRoot) && sn === 0;
}

test('every leaf of every tree up to 20 leaves is proven, and every tree extends those before it', () => {
  const tree = new MerkleTree();
  for (let size = 1; size <= 20; size++) {
    tree.append(hashLeaf(Buffer.from(`leaf ${size}`)));
    for (let index = 0; index < size; index++) {
      const leaf = hashLeaf(Buffer.from(`leaf ${index + 1}`));
      expect(rootFromProof(index, size, leaf, tree.inclusionProof(index))).toEqual(tree.root);
    }
    for (let first = 1; first < size; first++) {
      const proof = tree.consistencyProof(first);
      expect(isConsistent(first, size, tree.rootAt(first), tree.root, proof)).toBe(true);
    }
  }
});

test('the empty tree has the hash of nothing', () => {
  expect(new MerkleTree().root).toEqual(sha256());
});

test.each([
  ['P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
])('a %s signature is checked against the digest alone', (_, generate) => {
  const { publicKey, privateKey } = generate();
  for (let round = 0; round < 4; round++) {
    const message = Buffer.from(`message ${round}`);
    const signature = sign('sha256', message, privateKey);
    expect(verifyPrehashed(publicKey, sha256(message), signature)).toBe(true);
    expect(verifyPrehashed(publicKey, sha256(Buffer.from('other')), signature)).toBe(false);
    const altered = Buffer.from(signature);
    altered[altered.length - 1]! ^= 1;
    expect(verifyPrehashed(publicKey, sha256(message), altered)).toBe(false);
  }
  expect(verifyPrehashed(publicKey, sha256(), Buffer.from('garbage'))).toBe(false);
});

test('a key of another kind verifies nothing', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const message = Buffer.from('message');
  expect(verifyPrehashed(publicKey, sha256(message), sign(null, message, privateKey))).toBe(false);
});
