import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { connect } from 'node:net';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from '../cluster/server-process';

export interface DebianRegistryOptions {
  /** An absolute path of the registry's own folder; removed when it stops. */
  readonly folder: string;
  /** htpasswd lines with bcrypt hashes (`htpasswd -nbB`): Basic authentication is required. */
  readonly htpasswd?: string;
  /** PEM of a certificate and its key: it serves TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface DebianRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly port: number;
  readonly url: string;
  logs(): Promise<string>;
  stop(): Promise<void>;
}

const POLL_MS = 100;

/** Starts the registry of the Debian package `docker-registry` (distribution 2.8) on 127.0.0.1. */
export async function startDebianRegistry(options: DebianRegistryOptions): Promise<DebianRegistry> {
  const { folder } = options;
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const config = join(folder, 'config.json');
  await writeFile(config, JSON.stringify(await configuration(options, port)));
  const logFile = join(folder, 'registry.log');
  const log = createWriteStream(logFile);
  await once(log, 'open');
  const child = spawn('docker-registry', ['serve', config], {
    env: { PATH: process.env['PATH'], OTEL_TRACES_EXPORTER: 'none' },
    stdio: ['ignore', log, log],
  });
  const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  const logs = () => readFile(logFile, 'utf8');
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    if (child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    log.end();
    await rm(folder, { recursive: true, force: true });
  };
  await Promise.race([failed, untilListening(port, () => child.exitCode !== null, logs)]);
  return { host: `127.0.0.1:${port}`, port, url, logs, stop };
}

/** https://distribution.github.io/distribution/about/configuration/ (JSON is YAML.) */
async function configuration(options: DebianRegistryOptions, port: number): Promise<unknown> {
  const { folder, htpasswd, tls } = options;
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  return {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: {
      addr: `127.0.0.1:${port}`,
      ...(tls && {
        tls: {
          certificate: await file('tls.crt', tls.cert),
          key: await file('tls.key', tls.key),
        },
      }),
    },
    ...(htpasswd === undefined
      ? {}
      : { auth: { htpasswd: { realm: 'registry', path: await file('htpasswd', htpasswd) } } }),
  };
}

async function untilListening(
  port: number,
  hasEnded: () => boolean,
  logs: () => Promise<string>,
): Promise<void> {
  for (;;) {
    if (hasEnded()) throw new Error(`docker-registry ended:\n${await logs()}`);
    if (await accepts(port)) return;
    await delay(POLL_MS);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
    socket.once('connect', () => socket.destroy());
  });
}
