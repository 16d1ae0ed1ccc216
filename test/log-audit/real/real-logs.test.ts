import { execFile } from 'node:child_process';
import { createHash, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { promisify } from 'node:util';

import {
  hasPostgres,
  type RealRekor,
  startRealRekor,
  startRealSigstore,
} from '../../../dev/services';
import { programPath } from '../../../dev/services/program-path';
import { createOidcIssuer } from '../../../dev/sigstore/oidc-issuer';
import { startHttpService } from '../../../dev/sigstore/http-service';
import { auditLog, type LogAuditArgs } from '../../../src/log-audit';
import { rekorV2Entry } from '../../../src/sigstore/rekor-v2-entry';
import { writeRekorV1 } from '../../../src/sigstore/rekor-v1-log';
import { testHost } from '../../sign/support/host';
import { createCertificateAuthority, newKeyPair, otherSigners, v2Body } from '../support/entries';
import { serveV2 } from '../support/logs';
import { memoryStore } from '../support/store';

const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/** A signature of a content, as both versions of Rekor accept it. */
function signed(content: string, privateKey: KeyObject) {
  const digest = createHash('sha256').update(content).digest();
  return {
    $case: 'messageSignature' as const,
    messageSignature: {
      messageDigest: { algorithm: 1, digest },
      signature: sign('sha256', Buffer.from(content), privateKey),
    },
  };
}

/** Serves the folder of a Rekor v2 as a bucket does. */
async function serveFolder(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '', 'http://log').pathname);
    const file = join(folder, path.replace(/^\/api\/v2\//, ''));
    readFile(file).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  return server;
}

const urlOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

interface Read {
  readonly size: number;
  readonly root: string;
  readonly entries: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly consistent?: boolean;
}

/** Reads a Rekor v2 with rekor-tiles' own clients; without blocking this process, which serves the log. */
async function readLog(url: string, key: string, ...old: readonly string[]): Promise<Read> {
  const args = [`${url}/api/v2/`, '127.0.0.1', key, ...old];
  const { stdout } = await promisify(execFile)(programPath('logs', 'readlog'), args, {
    timeout: 120_000,
  });
  return JSON.parse(stdout) as Read;
}

const hexOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

describe('our Rekor v2, read by rekor-tiles', () => {
  it('has the format of the real log, and the audit finds the same tree', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'readlog-'));
    const log = await serveV2();
    const others = await otherSigners(await createCertificateAuthority());
    const { publicKey } = newKeyPair();
    const add = (count: number): void => {
      for (let index = 0; index < count; index += 1) {
        const signer = others[index % others.length];
        if (signer) log.add(v2Body(`content ${index}`, signer));
      }
    };
    try {
      const root = JSON.parse(log.trustedRoot) as {
        tlogs: readonly { publicKey: { rawBytes: string } }[];
      };
      const key = join(folder, 'log.pem');
      const der = root.tlogs[0]?.publicKey.rawBytes ?? '';
      await writeFile(key, `-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----\n`);
      const store = memoryStore();
      const audit = () =>
        auditLog(
          {
            log: log.url,
            keys: [pemOf(publicKey)],
            trustedRoot: log.trustedRoot,
            checkpoint: store,
          },
          { host: testHost() },
        );
      add(700);
      const first = await audit();
      add(933);
      const second = await audit();
      const read = await readLog(log.url, key, String(first.to.size), hexOf(first.to.root));
      expect(read).toMatchObject({
        size: second.to.size,
        root: hexOf(second.to.root),
        entries: 1633,
        kinds: { 'hashedrekord 0.0.2': 1633 },
        consistent: true,
      });
      const other = await readLog(log.url, key, String(first.to.size), '00'.repeat(32));
      expect(other.consistent).toBe(false);
    } finally {
      await log.close();
      await rm(folder, { recursive: true });
    }
  });
});

describe('the real Rekor v2', () => {
  it('is read from its tiles, before and after it grows', async () => {
    const oidc = createOidcIssuer();
    const issuer = await startHttpService({
      name: 'issuer',
      handler: (request) => oidc.handler(request),
      fault: () => undefined,
      record: () => undefined,
    });
    oidc.at(issuer.url);
    const real = await startRealSigstore({ issuerUrl: issuer.url });
    const server = await serveFolder(real.tilesFolder);
    try {
      const ours = newKeyPair();
      const other = newKeyPair();
      const write = async (content: string, { publicKey, privateKey }: typeof ours) => {
        const { request } = rekorV2Entry(signed(content, privateKey), pemOf(publicKey));
        const answer = await fetch(`${real.rekorV2Url}/api/v2/log/entries`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(request),
        });
        expect(answer.status).toBe(201);
        return Number(((await answer.json()) as { logIndex: string }).logIndex);
      };
      const writeOthers = (from: number, count: number) =>
        Promise.all(Array.from({ length: count }, (_, index) => write(`o ${from + index}`, other)));
      const store = memoryStore();
      const args: LogAuditArgs = {
        log: urlOf(server),
        keys: [pemOf(ours.publicKey)],
        trustedRoot: JSON.stringify(real.trustedRoot),
        checkpoint: store,
      };
      const audit = () => auditLog(args, { host: testHost() });
      await writeOthers(0, 150);
      const early = await write('early', ours);
      await writeOthers(150, 20);
      const first = await audit();
      expect(first).toMatchObject({ version: 2, read: 171 });
      expect(first.findings.map(({ logIndex }) => logIndex)).toEqual([early]);
      await writeOthers(170, 150);
      const late = await write('late', ours);
      const second = await audit();
      expect(second.read).toBe(151);
      expect(second.findings.map(({ logIndex }) => logIndex)).toEqual([early, late]);
    } finally {
      server.closeAllConnections();
      server.close();
      await real.stop();
      await issuer.close();
    }
  }, 300_000);
});

const postgres = hasPostgres();

describe('the real Rekor v1', () => {
  // Without PostgreSQL, its database, it cannot run.
  (postgres ? it : it.skip)(
    'is followed from a checkpoint, and proves its consistency',
    async () => {
      const rekor: RealRekor = await startRealRekor();
      try {
        const ours = newKeyPair();
        const other = newKeyPair();
        const write = async (content: string, { publicKey, privateKey }: typeof ours) => {
          const signature = signed(content, privateKey);
          const entry = await writeRekorV1(rekor.url, signature, pemOf(publicKey), undefined);
          return Number(entry.logIndex);
        };
        const writeOthers = async (from: number, count: number) => {
          for (let index = from; index < from + count; index += 10) {
            await Promise.all(
              Array.from({ length: 10 }, (_, at) => write(`other ${index + at}`, other)),
            );
          }
        };
        const store = memoryStore();
        const args: LogAuditArgs = {
          log: rekor.url,
          keys: [pemOf(ours.publicKey)],
          trustedRoot: JSON.stringify({
            mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
            tlogs: [rekor.log],
            certificateAuthorities: [],
            ctlogs: [],
            timestampAuthorities: [],
          }),
          checkpoint: store,
        };
        const audit = (from?: number, saveInterval?: number) =>
          auditLog({ ...args, from }, { host: testHost(), saveInterval });
        await writeOthers(0, 120);
        const early = await write('early', ours);
        await writeOthers(120, 30);
        // Its search index is not enabled here.
        await expect(audit()).rejects.toThrow(/search index/);
        const first = await audit(0, 0);
        expect(first).toMatchObject({ version: 1, read: 151 });
        expect(first.findings.map(({ logIndex }) => logIndex)).toEqual([early]);
        await writeOthers(150, 50);
        const late = await write('late', ours);
        const second = await audit();
        expect(second.read).toBe(51);
        expect(second.findings.map(({ logIndex }) => logIndex)).toEqual([early, late]);
      } finally {
        await rekor.stop();
      }
    },
    300_000,
  );
});
