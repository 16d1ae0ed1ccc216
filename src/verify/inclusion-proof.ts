import type { TransparencyLogEntry } from '@sigstore/bundle';

/**
 * Whether an inclusion proof names the tree of its checkpoint. `@sigstore/verify` reads size and
 * root from the signed checkpoint only and takes whatever the proof says beside it; cosign refuses
 * such a contradiction, and so do we. True where there is no proof.
 *
 * https://github.com/transparency-dev/formats/blob/main/log/README.md#checkpoint-body
 */
export function provesItsCheckpoint({ inclusionProof }: TransparencyLogEntry): boolean {
  if (!inclusionProof?.checkpoint) return true;
  const [, size, root = ''] = inclusionProof.checkpoint.envelope.split('\n');
  return (
    inclusionProof.treeSize === size && inclusionProof.rootHash.equals(Buffer.from(root, 'base64'))
  );
}
