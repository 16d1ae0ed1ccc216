import { appendFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { auditLog, type LogAuditReport, type LogProgress } from '../../../src/log-audit';
import { testHost } from '../../sign/support/host';
import {
  certificateSigner,
  createCertificateAuthority,
  keySigner,
  type LoggedSigner,
  newKeyPair,
  otherSigners,
  OURS,
  type V1Kind,
  v1Body,
  v2Body,
} from '../support/entries';
import { FIRST_V1_INDEX, type ServedLog, serveV1, serveV2 } from '../support/logs';
import { type MemoryStore, memoryStore } from '../support/store';

/** Fewer entries in CI (`npm run test:audit -- --sample`), and any number with `-- --entries`. */
const ENTRIES = Number(process.env['AUDIT_ENTRIES'] ?? 100_000);
/** For what takes time in proportion to the entries. */
const TIMEOUT = 600_000 * Math.max(1, ENTRIES / 100_000);
const KINDS: readonly V1Kind[] = ['hashedrekord', 'dsse', 'intoto', 'hashedrekord', 'dsse'];
/** How much the memory may grow from the first quarter of an audit to its last; the entries take about 100 MB. */
const MAX_KEPT = 25_000_000;

const VERSIONS = [
  ['Rekor v1', serveV1, FIRST_V1_INDEX],
  ['Rekor v2', serveV2, 0],
] as const;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that are in use, without garbage. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * The growth from the first quarter of the samples to the last. Answers that are being read come and go in each sample,
 * the log's own too, which runs in this process: the least of a quarter is what is kept.
 */
function growth(samples: readonly number[]): number {
  const quarter = Math.ceil(samples.length / 4);
  return Math.min(...samples.slice(-quarter)) - Math.min(...samples.slice(0, quarter));
}

/** Appends a line to the table that `npm run test:audit` prints. */
function record(line: Readonly<Record<string, string | number>>): void {
  const file = process.env['AUDIT_TALLY'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}

describe.each(VERSIONS)('a log of %s with many entries', (name, serve, first) => {
  const ourKey = newKeyPair();
  const pem = ourKey.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const places = [0.01, 0.2, 0.5, 0.77, 0.9999].map((part) => Math.floor(part * ENTRIES));
  let log: ServedLog;
  let expected: readonly number[];
  let state: string;
  let store: MemoryStore;
  let bodyOf: (index: number) => Buffer;

  beforeAll(async () => {
    const authority = await createCertificateAuthority();
    const others = await otherSigners(authority);
    const byKey = keySigner(ourKey.publicKey);
    const byIdentity = await certificateSigner(authority, OURS);
    // Three of another signer with our key, and two with our identity.
    const findings: readonly LoggedSigner[] = [byKey, byIdentity, byKey, byIdentity, byKey];
    const body = (content: string, signer: LoggedSigner, index: number): Buffer =>
      first === 0
        ? v2Body(content, signer)
        : v1Body(content, signer, KINDS[index % KINDS.length] ?? 'dsse');
    const isStack = (index: number): boolean => index % 1000 === 500;
    bodyOf = (index) => {
      const finding = findings[places.indexOf(index)];
      const other = others[index % others.length] ?? byKey;
      const signer =
        finding ?? (isStack(index) ? (index % 2000 === 500 ? byKey : byIdentity) : other);
      return body(`content ${index}`, signer, index);
    };
    log = await serve(authority.chain);
    const logEntries: object[] = [];
    const found: number[] = [];
    for (let index = 0; index < ENTRIES; index += 1) {
      const logIndex = log.add(bodyOf(index));
      if (places.includes(index)) found.push(logIndex);
      else if (isStack(index)) logEntries.push({ logId: log.logId, logIndex: String(logIndex) });
    }
    expected = found;
    state = JSON.stringify({
      deployment: {
        resources: [{ type: 'signed-image:index:ImageSignature', outputs: { logEntries } }],
      },
    });
    store = memoryStore();
  }, TIMEOUT);
  afterAll(() => log.close());

  const audit = (onProgress?: (progress: LogProgress) => void): Promise<LogAuditReport> =>
    auditLog(
      {
        log: log.url,
        keys: [pem],
        identities: [OURS],
        trustedRoot: log.trustedRoot,
        stackStates: [state],
        checkpoint: store,
        from: first,
      },
      { host: testHost(), call: { pauseMs: 1, retries: 1 }, onProgress },
    );

  it(
    'reports exactly the five entries that no stack made',
    async () => {
      const samples: number[] = [];
      let next = ENTRIES / 20;
      const onProgress = ({ done }: LogProgress): void => {
        if (done < next) return;
        next += ENTRIES / 20;
        samples.push(memoryInUse());
      };
      const started = Date.now();
      const cpu = process.cpuUsage();
      const report = await audit(onProgress);
      const seconds = (Date.now() - started) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      expect(samples.length).toBeGreaterThan(8);
      const kept = growth(samples);
      expect(report.findings.map(({ logIndex }) => logIndex)).toEqual(expected);
      expect(report.findings.map(({ signer }) => signer.kind)).toEqual([
        'key',
        'keyless',
        'key',
        'keyless',
        'key',
      ]);
      expect(report).toMatchObject({ read: ENTRIES, unparsed: [], known: ENTRIES / 1000 });
      record({
        log: name,
        entries: ENTRIES,
        found: report.findings.length,
        seconds: Math.round(seconds),
        'CPU seconds (with the log)': Math.round((user + system) / 1e6),
        'entries/s': Math.round(ENTRIES / seconds),
        'memory growth, MB': Math.round(kept / 1e5) / 10,
        'resident memory of the process, MB': Math.round(process.memoryUsage().rss / 1e6),
      });
      expect(kept).toBeLessThan(MAX_KEPT);
    },
    6 * TIMEOUT,
  );

  describe('after that', () => {
    const REFUSED: readonly (readonly [string, (bodies: Buffer[]) => void])[] = [
      ['rewrites its history', (bodies) => void (bodies[places[2] ?? 0] = Buffer.from(bodyOf(1)))],
      ['drops an entry', (bodies) => void bodies.splice(places[1] ?? 0, 1)],
      ['forks', (bodies) => void bodies.splice(-7, 7, ...bodies.slice(0, 7))],
    ];

    it.each(REFUSED)(
      'a log that %s is refused, and the checkpoint is kept',
      async (what, change) => {
        const before = store.text;
        expect(before).toBeDefined();
        const original = log.bodies();
        const bodies = [...original];
        change(bodies);
        // It goes on as if nothing had happened.
        for (let index = 0; index < 100; index += 1) bodies.push(bodyOf(index + 1));
        log.fork(bodies);
        try {
          await expect(audit()).rejects.toMatchObject({ code: 'LOG_INCONSISTENT' });
          expect(store.text).toBe(before);
          record({ log: name, refused: what });
        } finally {
          log.fork(original);
        }
      },
      TIMEOUT,
    );

    it(
      'continues with an honest log',
      async () => {
        const index = log.add(bodyOf(places[0] ?? 0));
        const report = await audit();
        expect(report.read).toBe(1);
        expect(report.findings.map(({ logIndex }) => logIndex)).toEqual([...expected, index]);
      },
      TIMEOUT,
    );
  });
});
