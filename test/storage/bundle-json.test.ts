import { bundleFromJSON } from '@sigstore/bundle';

import { completeBundle, toBundleJson } from '../../src/storage';

const PROOF = { rootHash: 'AAAA', treeSize: '1', checkpoint: { envelope: 'a note' } };
const HASHES = { hashes: ['AAAA'] };
const ENTRY = {
  logId: { keyId: 'AAAA' },
  kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
  inclusionProof: PROOF,
  canonicalizedBody: 'AAAA',
};

function bundleWith(tlogEntries: readonly object[]) {
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: 'a' }, tlogEntries },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: 'AAAA' },
      signature: 'AAAA',
    },
  };
}

const FIRST = {
  logIndex: '0',
  ...ENTRY,
  inclusionProof: { logIndex: '0', ...PROOF, hashes: [] },
};
const LATER = { logIndex: '7', ...ENTRY, inclusionProof: { logIndex: '5', ...PROOF, ...HASHES } };
const bytesOf = (json: unknown): Buffer => Buffer.from(JSON.stringify(json, null, 2), 'utf8');

test('the first entry of a log is written with its index and its empty proof', () => {
  const bundle = bundleFromJSON(bundleWith([FIRST, LATER]));
  const { tlogEntries } = toBundleJson(bundle).verificationMaterial;
  expect(tlogEntries.map(({ logIndex }) => logIndex)).toEqual(['0', '7']);
  expect(tlogEntries.map(({ inclusionProof }) => inclusionProof?.logIndex)).toEqual(['0', '5']);
  expect(tlogEntries.map(({ inclusionProof }) => inclusionProof?.hashes)).toEqual([[], ['AAAA']]);
});

test('omitted members are added to stored JSON, and nothing else is changed', () => {
  const added = completeBundle(bytesOf(bundleWith([ENTRY, LATER])));
  expect(JSON.parse(String(added))).toEqual(bundleWith([FIRST, LATER]));
  const snake = { ...ENTRY, log_index: '3' };
  expect(JSON.parse(String(completeBundle(bytesOf(bundleWith([snake])))))).toMatchObject({
    verificationMaterial: { tlogEntries: [{ log_index: '3' }] },
  });
});

test.each([[[FIRST]], [[LATER]], [[]]])(
  'JSON that has all members is kept byte for byte',
  (all) => {
    const bytes = bytesOf(bundleWith(all));
    expect(completeBundle(bytes)).toBe(bytes);
  },
);

test('JSON without entries is kept', () => {
  const bytes = bytesOf({ verificationMaterial: {} });
  expect(completeBundle(bytes)).toBe(bytes);
});
