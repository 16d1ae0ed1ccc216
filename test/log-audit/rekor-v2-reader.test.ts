import { type Handler } from '../../dev/sigstore/http-service';
import { auditLog } from '../../src/log-audit';
import { parseEntryBundle } from '../../src/log-audit/rekor-v2-reader';
import { testHost } from '../sign/support/host';
import { keySigner, newKeyPair, v2Body } from './support/entries';
import { serveV2 } from './support/logs';
import { memoryStore } from './support/store';

describe('parseEntryBundle', () => {
  const entry = (text: string): Buffer => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  };

  it('splits a bundle', () => {
    const bundle = Buffer.concat([entry('a'), entry(''), entry('bcd')]);
    expect(parseEntryBundle(bundle)?.map(String)).toEqual(['a', '', 'bcd']);
    expect(parseEntryBundle(Buffer.alloc(0))).toEqual([]);
  });

  it('rejects a bundle that ends in an entry or in a length, and one with too many entries', () => {
    const bundle = Buffer.concat([entry('a'), entry('bcd')]);
    expect(parseEntryBundle(bundle.subarray(0, -1))).toBeUndefined();
    expect(parseEntryBundle(bundle.subarray(0, 4))).toBeUndefined();
    expect(
      parseEntryBundle(Buffer.concat(Array.from({ length: 257 }, () => entry('')))),
    ).toBeUndefined();
  });
});

it('a log that has removed partial tiles is read by its full ones', async () => {
  const log = await serveV2();
  const { publicKey } = newKeyPair();
  const ours = keySigner(publicKey);
  const other = keySigner(newKeyPair().publicKey);
  const add = (count: number): void => {
    for (let index = 0; index < count; index += 1) log.add(v2Body(`other ${index}`, other));
  };
  add(300);
  log.add(v2Body('ours', ours));
  let note: unknown;
  const store = memoryStore();
  const args = {
    log: log.url,
    keys: [publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    trustedRoot: log.trustedRoot,
    checkpoint: store,
  };
  // The client has the checkpoint of 301 entries, and then the log grows and removes the partial tiles.
  log.intercept((handler: Handler): Handler => async (request) => {
    const { path } = request;
    if (path.endsWith('/checkpoint')) return (note ??= await handler(request)) as never;
    return /\.p\/\d+$/.test(path) ? { status: 404 } : handler(request);
  });
  await auditLog({ ...args, keys: args.keys }, { host: testHost() }).catch(() => undefined);
  add(300);
  const report = await auditLog(args, { host: testHost() });
  expect(report).toMatchObject({ read: 301, to: { size: 301 } });
  expect(report.findings).toHaveLength(1);
  await log.close();
});
