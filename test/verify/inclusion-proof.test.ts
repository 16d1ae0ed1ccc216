import type { TransparencyLogEntry } from '@sigstore/bundle';

import { provesItsCheckpoint } from '../../src/verify/log-entry-key';

const ROOT = Buffer.alloc(32, 7);
const CHECKPOINT = `log.example.com - 1\n12\n${ROOT.toString('base64')}\n\n\u2014 log.example.com AAAA\n`;

/** Only the proof is looked at; signature and path are the library's to check. */
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
  expect(provesItsCheckpoint(entry({}))).toBe(true);
});

test.each([
  ['another size', { treeSize: '13' }],
  ['another root', { rootHash: Buffer.alloc(32, 8) }],
  ['a shorter root', { rootHash: ROOT.subarray(1) }],
  ['no checkpoint to speak of', { checkpoint: { envelope: '' } }],
])('%s is a contradiction', (_, proof) => {
  expect(provesItsCheckpoint(entry(proof))).toBe(false);
});

test('an entry without a proof contradicts nothing', () => {
  expect(provesItsCheckpoint(entry(undefined))).toBe(true);
  expect(provesItsCheckpoint(entry({ checkpoint: undefined }))).toBe(true);
});
