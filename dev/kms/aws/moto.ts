import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { makeCertificate } from '../../registry/tls';

/** A running emulator of AWS, `moto_server`. */
export interface Moto {
  /** `http://127.0.0.1:PORT`, or `https:` with a certificate of `caFile`. */
  readonly url: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** PEM file of the authority that clients must trust (`AWS_CA_BUNDLE`); with TLS only. */
  readonly caFile: string | undefined;
  close(): Promise<void>;
}

const INSTALLER = resolve(__dirname, '../../tools/python.mjs');
const PROGRAM = resolve(__dirname, '../../tools/python/moto_kms.py');
const START_MS = 60_000;

/** Installs it if it is missing. */
async function pythonPath(): Promise<string> {
  const run = promisify(execFile);
  await run(process.execPath, [INSTALLER]);
  const { stdout } = await run(process.execPath, [INSTALLER, '--where']);
  return stdout.trim();
}

/** Finds a free port, because moto_server does not support port 0. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const { port } = server.address() as AddressInfo;
  await new Promise((settle) => server.close(settle));
  return port;
}

async function tlsFiles(folder: string): Promise<{ args: string[]; caFile: string }> {
  const { ca, cert, key } = await makeCertificate();
  const [caFile, certFile, keyFile] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  await Promise.all([
    writeFile(caFile, ca),
    writeFile(certFile, cert),
    writeFile(keyFile, key, { mode: 0o600 }),
  ]);
  return { args: ['--ssl-cert', certFile, '--ssl-key', keyFile], caFile };
}

/** Waits for the line with its address. */
async function untilUp(child: ChildProcess): Promise<void> {
  let output = '';
  let isUp = false;
  const listen = (chunk: Buffer) => {
    output += chunk.toString();
    isUp ||= output.includes('Running on ');
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  for (const end = Date.now() + START_MS; !isUp; await delay(50)) {
    if (child.exitCode !== null || Date.now() > end) {
      child.kill();
      throw new Error(`moto_server did not start: ${output.slice(-2000)}`);
    }
  }
}

export async function startMoto({ tls = false } = {}): Promise<Moto> {
  const folder = await mkdtemp(join(tmpdir(), 'moto-'));
  const secured = tls ? await tlsFiles(folder) : undefined;
  const port = await freePort();
  const child = spawn(
    await pythonPath(),
    [PROGRAM, '-H', '127.0.0.1', '-p', String(port), ...(secured?.args ?? [])],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  await untilUp(child);
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    caFile: secured?.caFile,
    async close() {
      if (child.exitCode === null) {
        const gone = new Promise((settle) => child.once('exit', settle));
        child.kill();
        await gone;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
