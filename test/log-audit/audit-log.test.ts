import { type Handler, json } from '../../dev/sigstore/http-service';
import { auditLog, type LogAuditArgs, type LogAuditReport } from '../../src/log-audit';
import { testHost } from '../sign/support/host';
import {
  certificateSigner,
  createCertificateAuthority,
  keySigner,
  type LoggedSigner,
  newKeyPair,
  otherSigners,
  OURS,
  v1Body,
  v2Body,
} from './support/entries';
import { FIRST_V1_INDEX, type ServedLog, serveV1, serveV2 } from './support/logs';
import { memoryStore, type MemoryStore } from './support/store';

const VERSIONS = [
  ['Rekor v1', serveV1, FIRST_V1_INDEX],
  ['Rekor v2', serveV2, 0],
] as const;

describe.each(VERSIONS)('auditLog of %s', (_, serve, first) => {
  const ourKey = newKeyPair();
  const pem = ourKey.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  let others: readonly LoggedSigner[];
  let ours: LoggedSigner;
  let ourCertificate: LoggedSigner;
  let foreign: LoggedSigner;
  let chain: readonly Buffer[];
  let log: ServedLog;
  let store: MemoryStore;

  beforeAll(async () => {
    const authority = await createCertificateAuthority();
    const another = await createCertificateAuthority();
    ({ chain } = authority);
    others = await otherSigners(authority);
    ours = keySigner(ourKey.publicKey);
    ourCertificate = await certificateSigner(authority, OURS);
    foreign = await certificateSigner(another, OURS);
  });

  beforeEach(async () => {
    log = await serve(chain);
    store = memoryStore();
  });
  afterEach(() => log.close());

  const body = (content: string, signer: LoggedSigner): Buffer =>
    log.version === 2 ? v2Body(content, signer) : v1Body(content, signer, 'hashedrekord');
  const add = (content: string, signer: LoggedSigner): number => log.add(body(content, signer));

  let fillers = 0;
  function addOthers(count: number): void {
    for (let index = 0; index < count; index += 1) {
      fillers += 1;
      const signer = others[fillers % others.length];
      if (signer) add(`other ${fillers}`, signer);
    }
  }

  const audit = (
    args: Partial<LogAuditArgs> = {},
    saveInterval?: number,
  ): Promise<LogAuditReport> =>
    auditLog(
      {
        log: log.url,
        keys: [pem],
        identities: [OURS],
        trustedRoot: log.trustedRoot,
        checkpoint: store,
        from: first,
        ...args,
      },
      { host: testHost(), call: { pauseMs: 1, retries: 1 }, saveInterval },
    );

  const indexesOf = ({ findings }: LogAuditReport) => findings.map(({ logIndex }) => logIndex);

  it('reports exactly the entries of our signers that no stack made', async () => {
    addOthers(300);
    const byKey = add('by our key', ours);
    const stacks = add('by a stack', ours);
    addOthers(300);
    const byIdentity = add('by our identity', ourCertificate);
    const byForeign = add('by a certificate of another authority', foreign);
    addOthers(13);
    const state = stackState([{ logId: log.logId, logIndex: String(stacks) }]);
    const report = await audit({ stackStates: [state] });
    expect(report.findings.map(({ logIndex, signer }) => [logIndex, signer])).toEqual([
      [byKey, { kind: 'key', keyId: expect.stringMatching(/^[0-9a-f]{64}$/) as string }],
      [byIdentity, { kind: 'keyless', ...OURS, isCertificateTrusted: true }],
      [byForeign, { kind: 'keyless', ...OURS, isCertificateTrusted: false }],
    ]);
    expect(report).toMatchObject({ version: log.version, known: 1, read: 617, unparsed: [] });
  });

  it('does not take the entry of another log with the same index for a known one', async () => {
    addOthers(3);
    const found = add('by our key', ours);
    const other = Buffer.alloc(32, 7).toString('base64');
    const state = stackState([{ logId: other, logIndex: String(found) }]);
    expect(indexesOf(await audit({ stackStates: [state] }))).toEqual([found]);
  });

  it('reads only new entries in the next run, and reports an entry until it is known', async () => {
    addOthers(270);
    const early = add('early', ours);
    expect(indexesOf(await audit())).toEqual([early]);
    addOthers(260);
    const late = add('late', ours);
    const second = await audit();
    expect(second.read).toBe(261);
    expect(second.from).toMatchObject({ size: 271 });
    expect(indexesOf(second)).toEqual([early, late]);
    const third = await audit({ known: [`# explained\n${early}\n${late} # too`] });
    expect(third).toMatchObject({ read: 0, findings: [] });
    expect(indexesOf(await audit())).toEqual([]);
  });

  it('reads at most as many entries as the limit, and the next run continues after them', async () => {
    addOthers(300);
    const early = add('early', ours);
    addOthers(500);
    const late = add('late', ours);
    const runs: LogAuditReport[] = [];
    while (runs.at(-1)?.remaining !== undefined || runs.length === 0)
      runs.push(await audit({ limit: 301 }));
    expect(runs.map(({ read, remaining }) => [read, remaining])).toEqual([
      [301, 501],
      [301, 200],
      [200, undefined],
    ]);
    expect(runs.map(indexesOf)).toEqual([[early], [early], [early, late]]);
    expect(runs.map(({ to }) => to.size)).toEqual([301, 602, 802]);
    await expect(audit({ limit: 0 })).rejects.toMatchObject({ property: 'limit' });
  });

  it('refuses a log that has rewritten what an earlier run read up to its limit', async () => {
    addOthers(600);
    expect((await audit({ limit: 250 })).to.size).toBe(250);
    const text = store.text;
    const bodies = [...log.bodies()];
    bodies[100] = bodies[101] ?? Buffer.alloc(0);
    log.fork(bodies);
    await expect(audit({ limit: 250 })).rejects.toMatchObject({ code: 'LOG_INCONSISTENT' });
    expect(store.text).toBe(text);
  });

  it('continues an interrupted run from the entries that were proven', async () => {
    addOthers(300);
    const early = log.add(body('early', ours));
    addOthers(1000);
    const before = log.requests();
    // The log fails in the middle.
    log.intercept((handler) => (request) => {
      const isEntries = request.path.includes('entries');
      return isEntries && log.requests() - before > (log.version === 2 ? 4 : 100)
        ? { status: 500 }
        : handler(request);
    });
    await expect(audit({}, 0)).rejects.toMatchObject({ code: 'REKOR_FAILED' });
    const saved = JSON.parse(store.text ?? '') as { readonly size: number };
    expect(saved.size).toBeGreaterThan(300);
    expect(saved.size).toBeLessThan(1301);
    log.intercept(undefined);
    const report = await audit();
    expect(report.read).toBe(1301 - saved.size);
    expect(indexesOf(report)).toEqual([early]);
  });

  describe('a log that contradicts itself', () => {
    const rewritten = (at: number): readonly Buffer[] =>
      log.bodies().map((each, index) => (index === at ? body('rewritten', others[0]!) : each));

    async function refuses(reason: RegExp): Promise<void> {
      const before = store.text;
      await expect(audit()).rejects.toMatchObject({ code: 'LOG_INCONSISTENT' });
      await expect(audit()).rejects.toThrow(reason);
      expect(store.text).toBe(before);
      expect(before).toBeDefined();
    }

    beforeEach(async () => {
      addOthers(300);
      add('by our key', ours);
      await audit();
    });

    it('is refused if it rewrites its history', async () => {
      const bodies = rewritten(300);
      log.fork(bodies);
      addOthers(50);
      await refuses(/does not prove that its signed tree of 351 entries continues the one of 301/);
    });

    it('is refused if it drops an entry', async () => {
      const bodies = log.bodies().filter((_each, index) => index !== 300);
      log.fork(bodies);
      addOthers(50);
      await refuses(/does not prove/);
    });

    it('is refused if it has forked at the same size', async () => {
      log.fork(rewritten(12));
      await refuses(/has signed two different trees of 301 entries/);
    });

    it('is refused if it signs fewer entries than before', async () => {
      log.fork(log.bodies().slice(0, 200));
      await refuses(/now signs 200 entries .* after it has signed 301/);
    });

    it('is refused if it forks after the saved position of an interrupted run', async () => {
      const saved = JSON.parse(store.text ?? '') as { size: number; root: string; note: string };
      const full = log.bodies();
      log.fork(full.slice(0, 100));
      const early = memoryStore();
      await audit({ checkpoint: early });
      // As after an interruption: at entry 100 of a signed tree of 301 entries.
      const interim = { ...(JSON.parse(early.text ?? '') as object), note: saved.note };
      store.text = JSON.stringify(interim);
      log.fork(full.map((each, index) => (index === 200 ? body('forked', others[0]!) : each)));
      addOthers(30);
      await refuses(/does not prove .* of 301 entries/);
    });

    it('is refused if it returns other entries than it has signed', async () => {
      addOthers(40);
      log.intercept(withoutOurs(log, body('replacement', others[1]!)));
      add('by our key again', ours);
      await refuses(/returned entries that are not those of its signed checkpoint/);
    });

    it('is refused if it withholds an entry', async () => {
      addOthers(40);
      log.intercept(withheld(log));
      await refuses(/does not return entry|serves only/);
    });

    it('is refused if another key signs its checkpoint', async () => {
      const other = await serve();
      const before = store.text;
      const args = { trustedRoot: other.trustedRoot.replaceAll(other.url, log.url) };
      await expect(audit(args)).rejects.toThrow(/no log of the trusted root has signed/);
      await expect(audit({ ...args, checkpoint: memoryStore() })).rejects.toMatchObject({
        code: 'REKOR_FAILED',
      });
      expect(store.text).toBe(before);
      await other.close();
    });
  });

  it('reports entries that it cannot parse', async () => {
    addOthers(5);
    const index = log.add(Buffer.from('not JSON'));
    const report = await audit();
    expect(report.unparsed).toEqual([index]);
  });

  it('begins at a log index, also where the size is a power of two', async () => {
    addOthers(300);
    const found = add('by our key', ours);
    for (const from of [1, 2, 3, 255, 256, 257, 301, 5000]) {
      const report = await audit({ checkpoint: undefined, from: first + from });
      expect(indexesOf(report)).toEqual(from <= 300 ? [found] : []);
    }
  });

  it('rejects a checkpoint of another log and one that was modified', async () => {
    addOthers(30);
    await audit();
    const text = store.text ?? '';
    const property = 'checkpoint';
    store.text = text.replaceAll(log.url, 'http://127.0.0.1:1');
    await expect(audit()).rejects.toMatchObject({ code: 'INPUT_INVALID', property });
    store.text = text.replace('"size": 30', '"size": 29');
    await expect(audit()).rejects.toMatchObject({ code: 'LOG_INCONSISTENT' });
    store.text = text.replace('"size": 30', '"size": 31');
    await expect(audit()).rejects.toMatchObject({ code: 'LOG_INCONSISTENT' });
    store.text = 'no checkpoint';
    await expect(audit()).rejects.toMatchObject({ code: 'INPUT_INVALID', property });
  });

  it('rejects a checkpoint whose finding lacks a member or has one of another type', async () => {
    addOthers(3);
    add('by our key', ours);
    await audit();
    const saved = JSON.parse(store.text ?? '') as { findings: [Record<string, unknown>] };
    const [finding] = saved.findings;
    const names = Object.keys(finding).filter((name) => name !== 'integratedTime');
    expect(names).toHaveLength(8);
    const changes = [
      ...names.map((name) => ({ ...finding, [name]: undefined })),
      ...Object.keys(finding).map((name) => ({ ...finding, [name]: [null] })),
      { ...finding, signer: { kind: 'key' } },
      { ...finding, signer: { kind: 'keyless', identity: 'a', issuer: 'b' } },
      { ...finding, signer: { kind: 'other', keyId: 'a' } },
    ];
    for (const changed of changes) {
      store.text = JSON.stringify({ ...saved, findings: [changed] });
      await expect(audit()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
  });
});

/** Replaces the last of our entries in what the log returns. */
function withoutOurs(log: ServedLog, replacement: Buffer) {
  return (handler: Handler): Handler =>
    async (request) => {
      const answer = await handler(request);
      const last = log.bodies().at(-1);
      if (!last || !request.path.includes('entries') || answer.body === undefined) return answer;
      if (log.version === 1) {
        const text = String(answer.body);
        return {
          ...answer,
          body: text.replaceAll(last.toString('base64'), replacement.toString('base64')),
        };
      }
      const bytes = Buffer.from(answer.body);
      const at = bytes.indexOf(last);
      if (at < 0) return answer;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(replacement.length);
      return {
        ...answer,
        body: Buffer.concat([
          bytes.subarray(0, at - 2),
          length,
          replacement,
          bytes.subarray(at + last.length),
        ]),
      };
    };
}

/** Leaves the last entry out of what the log returns. */
function withheld(log: ServedLog) {
  return (handler: Handler): Handler =>
    async (request) => {
      const answer = await handler(request);
      const last = log.bodies().at(-1);
      if (!last || !request.path.includes('entries') || answer.body === undefined) return answer;
      if (log.version === 2) {
        const bytes = Buffer.from(answer.body);
        const at = bytes.indexOf(last);
        return at < 0 ? answer : { ...answer, body: bytes.subarray(0, at - 2) };
      }
      const list = JSON.parse(String(answer.body)) as readonly object[];
      const text = last.toString('base64');
      return json(
        200,
        list.filter((each) => !JSON.stringify(each).includes(text)),
      );
    };
}

/** The output of `pulumi stack export`. */
function stackState(logEntries: readonly object[]): string {
  const resource = {
    urn: 'urn:pulumi:dev::app::signed-image:index:ImageSignature::app',
    type: 'signed-image:index:ImageSignature',
    outputs: { logEntries },
  };
  return JSON.stringify({ version: 3, deployment: { resources: [resource] } });
}
