import { parseJsonObject } from '../../src/oci';
import { jsonExcess, MAX_JSON_DEPTH } from '../../src/http/json-bounds';
import { boundedBundle } from '../../src/storage/bounded-bundle';

const SIZE = 16 * 1024 * 1024;
const filled = (item: string): Buffer =>
  Buffer.from(`{"x":[${item.repeat(Math.floor(SIZE / item.length))}0]}`);

it.each(['{},', '[],', '0,', '"",', '{"a":0},', '[[]],'])(
  'sixteen MiB of %s are refused before they are parsed',
  (item) => {
    expect(jsonExcess(filled(item))).toBe('tokens');
    expect(() => parseJsonObject(filled(item), 'a bundle')).toThrow('JSON values');
  },
);

it('what is nested too deep is refused, and a long text is not', () => {
  expect(jsonExcess(Buffer.from('['.repeat(MAX_JSON_DEPTH + 1)))).toBe('depth');
  expect(
    jsonExcess(Buffer.from(JSON.stringify({ x: '{,:[\\"'.repeat(1_000_000) }))),
  ).toBeUndefined();
});

it('a log entry of a bundle is bounded too', () => {
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      publicKey: { hint: 'x' },
      tlogEntries: [
        {
          logIndex: '1',
          logId: { keyId: 'AAAA' },
          kindVersion: { kind: 'dsse', version: '0.0.1' },
          integratedTime: '1',
          inclusionProof: {
            logIndex: '1',
            rootHash: 'AAAA',
            treeSize: '2',
            hashes: [],
            checkpoint: { envelope: 'x' },
          },
          canonicalizedBody: Buffer.from(`[${'{},'.repeat(20_000)}0]`).toString('base64'),
        },
      ],
    },
    dsseEnvelope: { payload: 'e30=', payloadType: 'x', signatures: [{ sig: 'AAAA' }] },
  };
  expect(() => boundedBundle(bundle)).toThrow('JSON values');
});
