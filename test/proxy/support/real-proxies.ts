import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { makeCertificate } from '../../../dev/registry/tls';

export interface RealProxy {
  /** `host:port` on loopback. */
  readonly host: string;
  close(): Promise<void>;
}

/** tinyproxy, which requires Basic credentials and forwards to another proxy. */
export async function startTinyproxy(
  folder: string,
  upstream: string,
  user: string,
  password: string,
): Promise<RealProxy> {
  const port = await freePort();
  const file = join(folder, 'tinyproxy.conf');
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Timeout 60',
    'MaxClients 50',
    `BasicAuth ${user} ${password}`,
    `Upstream http ${upstream}`,
    `LogFile "${join(folder, 'tinyproxy.log')}"`,
    `PidFile "${join(folder, 'tinyproxy.pid')}"`,
    '',
  ];
  await writeFile(file, lines.join('\n'), { mode: 0o600 });
  return started(spawn('tinyproxy', ['-d', '-c', file], { stdio: 'ignore' }), port);
}

/** stunnel, which accepts TLS and passes the connections on to a proxy. */
export async function startStunnel(
  folder: string,
  upstream: string,
): Promise<RealProxy & { readonly ca: string }> {
  const port = await freePort();
  const { ca, cert, key } = await makeCertificate();
  await writeFile(join(folder, 'stunnel.pem'), `${key}\n${cert}\n`, { mode: 0o600 });
  const file = join(folder, 'stunnel.conf');
  const lines = [
    'foreground = yes',
    'pid =',
    'debug = 3',
    '[proxy]',
    `accept = 127.0.0.1:${port}`,
    `connect = ${upstream}`,
    `cert = ${join(folder, 'stunnel.pem')}`,
    '',
  ];
  await writeFile(file, lines.join('\n'));
  const proxy = await started(spawn('stunnel4', [file], { stdio: 'ignore' }), port);
  return { ...proxy, ca };
}

async function started(child: ChildProcess, port: number): Promise<RealProxy> {
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the proxy ended with ${code}`)));
  });
  const close = async (): Promise<void> => {
    failed.catch(() => undefined);
    if (child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await ended;
  };
  for (let tries = 0; tries < 100; tries += 1) {
    if (await Promise.race([accepts(port), failed])) return { host: `127.0.0.1:${port}`, close };
    await delay(100);
  }
  await close();
  throw new Error('the proxy does not listen');
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
