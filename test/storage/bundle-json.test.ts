import { bundleFromJSON } from '@sigstore/bundle';

import { addLogIndexes, toBundleJson } from '../../src/storage';

const PROOF = { rootHash: 'AAAA', treeSize: '1', checkpoint: { envelope: 'a note' } };
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

const FIRST = { logIndex: '0', ...ENTRY, inclusionProof: { logIndex: '0', ...PROOF } };
const LATER = { logIndex: '7', ...ENTRY, inclusionProof: { logIndex: '5', ...PROOF } };
const bytesOf = (json: unknown): Buffer => Buffer.from(JSON.stringify(json, null, 2), 'utf8');

test('the first entry of a log is written with its index', () => {
  const bundle = bundleFromJSON(bundleWith([FIRST, LATER]));
  const { tlogEntries } = toBundleJson(bundle).verificationMaterial;
  expect(tlogEntries.map(({ logIndex }) => logIndex)).toEqual(['0', '7']);
  expect(tlogEntries.map(({ inclusionProof }) => inclusionProof?.logIndex)).toEqual(['0', '5']);
});

test('an omitted index is added to stored JSON, and nothing else is changed', () => {
  const added = addLogIndexes(bytesOf(bundleWith([ENTRY, LATER])));
  expect(JSON.parse(String(added))).toEqual(bundleWith([FIRST, LATER]));
  const snake = { ...ENTRY, log_index: '3' };
  expect(JSON.parse(String(addLogIndexes(bytesOf(bundleWith([snake])))))).toMatchObject({
    verificationMaterial: { tlogEntries: [{ log_index: '3' }] },
  });
});

test.each([[[FIRST]], [[LATER]], [[]]])(
  'JSON that has all indexes is kept byte for byte',
  (all) => {
    const bytes = bytesOf(bundleWith(all));
    expect(addLogIndexes(bytes)).toBe(bytes);
  },
);

test('JSON without entries is kept', () => {
  const bytes = bytesOf({ verificationMaterial: {} });
  expect(addLogIndexes(bytes)).toBe(bytes);
});
