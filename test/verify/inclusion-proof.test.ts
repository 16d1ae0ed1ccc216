import type { TransparencyLogEntry } from '@sigstore/bundle';

import { matchesCheckpoint } from '../../src/verify/log-entry-key';

const ROOT = Buffer.alloc(32, 7);
const CHECKPOINT = `log.example.com - 1\n12\n${ROOT.toString('base64')}\n\n\u2014 log.example.com AAAA\n`;

/** Only the proof is checked here; the library verifies signature and path. */
function entry(proof: Partial<NonNullable<TransparencyLogEntry['inclusionProof']>> | undefined) {
  const inclusionProof = proof && {
    logIndex: '3',
    treeSize: '12',
    rootHash: ROOT,
    hashes: [],
    checkpoint: { envelope: CHECKPOINT },
    ...proof,
  };
  return { inclusionProof } as unknown as TransparencyLogEntry;
}

test('a proof names the tree of its checkpoint', () => {
  expect(matchesCheckpoint(entry({}))).toBe(true);
});

test.each([
  ['another size', { treeSize: '13' }],
  ['another root', { rootHash: Buffer.alloc(32, 8) }],
  ['a shorter root', { rootHash: ROOT.subarray(1) }],
  ['no checkpoint to speak of', { checkpoint: { envelope: '' } }],
])('%s is a contradiction', (_, proof) => {
  expect(matchesCheckpoint(entry(proof))).toBe(false);
});

test('an entry without a proof contradicts nothing', () => {
  expect(matchesCheckpoint(entry(undefined))).toBe(true);
  expect(matchesCheckpoint(entry({ checkpoint: undefined }))).toBe(true);
});
