import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { chmod, chown, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { TransparencyLogInstanceJson } from '../sigstore/trust-material';
import { type InsideProgram, answering, startIsolated } from './isolation';
import { programPath } from './program-path';

/** The real Rekor v1, on the real Trillian, with the machine's PostgreSQL. */
export interface RealRekor {
  readonly url: string;
  /** Its entry of a trusted root. */
  readonly log: TransparencyLogInstanceJson;
  stop(): Promise<void>;
}

/** Fixed ports, because the network is separate. */
const PORTS = { rekor: 3000 } as const;
const TRILLIAN = 8090;
/** The host of its address, which verifiers compare with the checkpoint's origin. */
const ORIGIN = '127.0.0.1';
const MODULE = join(__dirname, '../tools/services/rekor');

/** Whether the database that Rekor's Trillian needs is installed. */
export function hasPostgres(): boolean {
  return ['initdb', 'postgres'].every(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

/** PostgreSQL does not run as root; Debian's package creates a user. */
function databaseUser(): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }));
}

function run(file: string, args: readonly string[], uid: number | undefined, input = '') {
  return new Promise<void>((settle, fail) => {
    const user = uid === undefined ? {} : { uid, gid: uid };
    const child = execFile(file, [...args], user, (error, _, stderr) =>
      error ? fail(new Error(`${file}: ${stderr}`, { cause: error })) : settle(),
    );
    child.stdin?.end(input);
  });
}

/** Trillian's schema, from its module. */
async function schema(): Promise<string> {
  const listModule = ['list', '-m', '-f', '{{.Dir}}', 'github.com/google/trillian'];
  const folder = execFileSync('go', listModule, { cwd: MODULE, encoding: 'utf8' }).trim();
  return readFile(join(folder, 'storage/postgresql/schema/storage.sql'), 'utf8');
}

/** Creates a database with Trillian's schema, without a server. */
async function database(folder: string, uid: number | undefined): Promise<string> {
  const databaseFolder = join(folder, 'db');
  await mkdir(databaseFolder);
  if (uid !== undefined) {
    await chown(databaseFolder, uid, uid);
    // The user needs access to the parents of its folder.
    await chmod(folder, 0o711);
  }
  const data = join(databaseFolder, 'data');
  await run('initdb', ['-D', data, '-U', 'trillian', '--auth=trust', '-N'], uid);
  // In single-user mode a statement ends at a semicolon with an empty line after it.
  await run(
    'postgres',
    ['--single', '-j', '-D', data, 'postgres'],
    uid,
    singleUser(await schema()),
  );
  return databaseFolder;
}

/** `$$`-quoted bodies keep their semicolons, because no empty line follows them there. */
function singleUser(sql: string): string {
  const withoutComments = sql.replace(/^\s*--.*$/gm, '').replace(/\n\s*\n/g, '\n');
  let quoted = false;
  return withoutComments
    .split('\n')
    .map((line) => {
      if ((line.split('$$').length - 1) % 2 === 1) quoted = !quoted;
      return !quoted && line.trimEnd().endsWith(';') ? `${line}\n\n` : `${line}\n`;
    })
    .join('');
}

async function programs(folder: string): Promise<readonly Omit<InsideProgram, 'cwd' | 'log'>[]> {
  const uid = databaseUser();
  const databaseFolder = await database(folder, uid);
  const socket = join(databaseFolder, '.s.PGSQL.5432');
  const uri = `postgresql:///postgres?host=${encodeURIComponent(databaseFolder)}&user=trillian`;
  const storage = ['--storage_system=postgresql', `--postgresql_uri=${uri}`, '--quota_system=noop'];
  return [
    {
      file: 'postgres',
      args: ['-D', join(databaseFolder, 'data'), '-k', databaseFolder, '-c', 'listen_addresses='],
      ...(uid !== undefined && { uid }),
    },
    {
      file: programPath('rekor', 'trillian_log_server'),
      args: [...storage, `--rpc_endpoint=127.0.0.1:${TRILLIAN}`, '--http_endpoint=127.0.0.1:8091'],
      after: { path: socket },
    },
    {
      file: programPath('rekor', 'trillian_log_signer'),
      args: [
        ...storage,
        '--rpc_endpoint=127.0.0.1:8190',
        '--http_endpoint=127.0.0.1:8191',
        '--force_master',
        '--sequencer_interval=100ms',
      ],
      after: { path: socket },
    },
    {
      file: programPath('rekor', 'rekor-server'),
      args: [
        'serve',
        '--host=127.0.0.1',
        `--port=${PORTS.rekor}`,
        `--rekor_server.hostname=${ORIGIN}`,
        '--rekor_server.signer=memory',
        `--trillian_log_server.port=${TRILLIAN}`,
        // The search index would need another database.
        '--enable_retrieve_api=false',
      ],
      after: { port: TRILLIAN },
    },
  ];
}

async function logOf(url: string): Promise<TransparencyLogInstanceJson> {
  const pem = await (await fetch(`${url}/api/v1/log/publicKey`)).text();
  const spki = createPublicKey(pem).export({ format: 'der', type: 'spki' });
  return {
    baseUrl: url,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: spki.toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start: new Date(Date.now() - 3_600_000).toISOString() },
    },
    logId: { keyId: createHash('sha256').update(spki).digest('base64') },
  };
}

/**
 * Starts the real Rekor v1, with its database, in a separate network.
 *
 * @throws Error if it is not built (`node dev/tools/build.mjs rekor`), if PostgreSQL is not on the
 *   PATH, or if it does not start
 */
export async function startRealRekor(): Promise<RealRekor> {
  const isolated = await startIsolated({ ports: PORTS, prepare: programs });
  try {
    const { rekor: url } = isolated.urls;
    await answering(`${url}/api/v1/log/publicKey`, isolated);
    return { url, log: await logOf(url), stop: isolated.stop };
  } catch (error) {
    await isolated.stop();
    throw error;
  }
}
