import { TransparencyLog } from '../../dev/sigstore/transparency-log';
import { EntryMatcher } from '../../src/log-audit/entry-matcher';
import { KnownEntries } from '../../src/log-audit/known-entries';
import { LogFollower } from '../../src/log-audit/log-follower';
import type { LogReader, LogTree } from '../../src/log-audit/log-reader';
import { publicKeyOf } from '../../src/key/public-key';
import { parseTrustedRoot } from '../../src/sigstore';
import { verifyCheckpoint } from '../../src/sigstore/signed-checkpoint';
import { keySigner, newKeyPair, v1Body } from './support/entries';
import { serveV1 } from './support/logs';
import { memoryStore } from './support/store';

const URL = 'http://127.0.0.1:1';

describe('a log with several trees', () => {
  const { publicKey } = newKeyPair();
  const ours = keySigner(publicKey);
  const other = keySigner(newKeyPair().publicKey);
  const root = async (log: TransparencyLog) => {
    const served = await serveV1();
    await served.close();
    const json = JSON.parse(served.trustedRoot) as {
      tlogs: { baseUrl: string; publicKey: { rawBytes: string }; logId: { keyId: string } }[];
    };
    for (const tlog of json.tlogs) {
      const spki = log.publicKey.export({ type: 'spki', format: 'der' });
      tlog.publicKey.rawBytes = spki.toString('base64');
      tlog.logId.keyId = log.logId.toString('base64');
    }
    return parseTrustedRoot(JSON.stringify(json));
  };

  it('is read to the end of the tree of the checkpoint, then in the later ones', async () => {
    const first = new TransparencyLog();
    const second = new TransparencyLog({ keys: first.keys, treeId: first.treeId + 1n });
    const trustedRoot = await root(first);
    const active: TransparencyLog[] = [first];
    const treesOf = (): readonly LogTree[] => {
      let offset = 0;
      return active.map((log) => {
        const head = verifyCheckpoint(log.checkpoint('127.0.0.1'), trustedRoot.tlogs);
        if (!head) throw new Error('not signed');
        const tree = { id: String(log.treeId), head, offset };
        offset += head.size;
        return tree;
      });
    };
    const logOf = ({ id }: LogTree) => active.find(({ treeId }) => String(treeId) === id);
    const reader: LogReader = {
      url: URL,
      version: 1,
      trees: () => Promise.resolve(treesOf()),
      async *entries(tree, start, end) {
        const entries = logOf(tree)?.entries.slice(start, end) ?? [];
        yield entries.map(({ body }, index) => ({ logIndex: tree.offset + start + index, body }));
      },
      consistency: (tree, old, current) =>
        Promise.resolve(
          (logOf(tree)?.consistencyProof(old, current) ?? []).map((hash) =>
            Buffer.from(hash, 'hex'),
          ),
        ),
    };
    const store = memoryStore();
    const follow = () =>
      new LogFollower({
        reader,
        logs: trustedRoot.tlogs,
        matcher: new EntryMatcher({ keys: [publicKeyOf(publicKey)], identities: [] }, trustedRoot),
        known: new KnownEntries(),
        store,
        from: 0,
        now: () => new Date(),
      }).run();
    const add = (log: TransparencyLog, signer: typeof ours, count = 1): void => {
      for (let index = 0; index < count; index += 1) {
        log.add(v1Body(`content ${index} of ${log.size}`, signer, 'dsse'), [], 1);
      }
    };
    add(first, other, 11);
    expect(await follow()).toMatchObject({ read: 11, findings: [] });
    add(first, ours);
    add(first, other, 5);
    active.push(second);
    add(second, other, 3);
    add(second, ours);
    const report = await follow();
    expect(report).toMatchObject({ read: 10, to: { tree: String(second.treeId), size: 4 } });
    expect(report.findings.map(({ logIndex, tree }) => [logIndex, tree])).toEqual([
      [11, String(first.treeId)],
      [20, String(second.treeId)],
    ]);
    expect(await follow()).toMatchObject({ read: 0 });
    active.shift();
    add(second, other);
    expect(await follow()).toMatchObject({ read: 1 });
    active.shift();
    active.push(first);
    await expect(follow()).rejects.toThrow(/no longer has the tree/);
  });
});
