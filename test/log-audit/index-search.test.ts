import { createHash } from 'node:crypto';

import { type Handler, json } from '../../dev/sigstore/http-service';
import { auditLog, type LogAuditArgs } from '../../src/log-audit';
import { testHost } from '../sign/support/host';
import {
  certificateSigner,
  createCertificateAuthority,
  digestOf,
  keySigner,
  type LoggedSigner,
  newKeyPair,
  OUR_EMAIL,
  OURS,
  type V1Kind,
  v1Body,
} from './support/entries';
import { type ServedLog, serveV1 } from './support/logs';
import { memoryStore, type MemoryStore } from './support/store';

const KINDS: readonly V1Kind[] = ['hashedrekord', 'dsse', 'intoto', 'intoto-0.0.1', 'rekord'];

describe('auditLog of a Rekor v1 without a checkpoint', () => {
  const { publicKey } = newKeyPair();
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const keyIndex = `sha256:${createHash('sha256').update(pem).digest('hex')}`;
  const byKey = keySigner(publicKey);
  let other: LoggedSigner;
  let byEmail: LoggedSigner;
  let byUri: LoggedSigner;
  let log: ServedLog;
  let store: MemoryStore;

  beforeAll(async () => {
    const authority = await createCertificateAuthority();
    other = keySigner(newKeyPair().publicKey);
    byEmail = await certificateSigner(authority, OUR_EMAIL);
    byUri = await certificateSigner(authority, OURS);
    log = await serveV1(authority.chain);
  });
  afterAll(() => log.close());
  beforeEach(() => void (store = memoryStore()));
  afterEach(() => log.intercept(undefined));

  const audit = (args: Partial<LogAuditArgs> = {}) =>
    auditLog(
      {
        log: log.url,
        keys: [pem],
        identities: [OUR_EMAIL, OURS],
        trustedRoot: log.trustedRoot,
        checkpoint: store,
        ...args,
      },
      { host: testHost(), call: { pauseMs: 1, retries: 1 } },
    );

  it('finds entries of all kinds by key, e-mail address and digest, then follows the log', async () => {
    for (let index = 0; index < 20; index += 1) {
      log.add(v1Body(`other ${index}`, other, 'dsse'));
    }
    const keyed = KINDS.flatMap((kind) =>
      [1, 2, 3].map((each) => log.add(v1Body(`${kind} ${each}`, byKey, kind), [keyIndex])),
    );
    const emailed = log.add(v1Body('by e-mail', byEmail, 'dsse'), [OUR_EMAIL.identity]);
    const digest = digestOf('by URI');
    const found = log.add(v1Body('by URI', byUri, 'hashedrekord'), [`sha256:${digest}`]);
    const first = await audit({ digests: [digest] });
    expect(first).toMatchObject({ search: 'index', read: 17, version: 1 });
    expect(first.findings.map(({ logIndex }) => logIndex)).toEqual([...keyed, emailed, found]);
    expect(first.notes).toEqual([expect.stringContaining(OURS.identity)]);

    const late = log.add(v1Body('late', byUri, 'dsse'));
    const second = await audit({ known: [keyed.join('\n')] });
    expect(second).toMatchObject({ search: 'entries', read: 1 });
    expect(second.findings.map(({ logIndex }) => logIndex)).toEqual([emailed, found, late]);
  });

  const changed =
    (change: (text: string) => string) =>
    (handler: Handler): Handler =>
    async (request) => {
      const answer = await handler(request);
      const isEntries = request.path.endsWith('/log/entries/retrieve');
      return isEntries ? json(200, JSON.parse(change(String(answer.body)))) : answer;
    };

  it.each<[string, string, (text: string) => string]>([
    [
      'another proof',
      'LOG_INCONSISTENT',
      (text) =>
        text.replace(
          /("hashes":\[")([0-9a-f]{64})/g,
          (_, head: string) => `${head}${'0'.repeat(64)}`,
        ),
    ],
    [
      'another log index',
      'LOG_INCONSISTENT',
      (text) => text.replace(/"logIndex":1\d{3}/g, '"logIndex":1'),
    ],
    ['no proof', 'REKOR_FAILED', (text) => text.replaceAll('"inclusionProof"', '"proof"')],
    [
      'a checkpoint that it has not signed',
      'REKOR_FAILED',
      (text) => text.replace(/("checkpoint":"127\.0\.0\.1 - \d+\\n)(\d+)/g, '$19$2'),
    ],
    [
      'another entry',
      'LOG_INCONSISTENT',
      (text) =>
        text.replace(
          /"body":"[^"]*"/g,
          `"body":"${v1Body('other', other, 'dsse').toString('base64')}"`,
        ),
    ],
    ['a list that is not one of entries', 'REKOR_FAILED', () => '[{"a":{"body":1}}]'],
  ])('refuses %s', async (_, code, change) => {
    log.intercept(changed(change));
    await expect(audit()).rejects.toMatchObject({ code });
    expect(store.text).toBeUndefined();
  });

  it('says how to read a log whose index is not enabled', async () => {
    log.intercept(
      (handler) => (request) =>
        request.path.endsWith('/index/retrieve')
          ? json(501, { code: 501, message: 'Search Index API not enabled' })
          : handler(request),
    );
    await expect(audit()).rejects.toThrow(/can be read from an index \(`from`\).*not enabled/);
  });
});
