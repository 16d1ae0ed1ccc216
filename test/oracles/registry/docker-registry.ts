import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const USER = 'robot';
export const PASSWORD = 'canary-pw';
/** bcrypt of the password, as `htpasswd -B` writes it. */
const HTPASSWD = `${USER}:$2b$12$4qcVdGpGrsukc7qxVH9Q3ube6R4Sic4a9pQHsSZQyN/67Chd2qZ7G\n`;

export interface DockerRegistry {
  readonly host: string;
  close(): Promise<void>;
}

/** Debian's `docker-registry` (CNCF distribution 2.8) with Basic authentication, on loopback. */
export async function startDockerRegistry(): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-registry-'));
  const host = `127.0.0.1:${await freePort()}`;
  await writeFile(join(folder, 'htpasswd'), HTPASSWD);
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'content') } },
    http: { addr: host },
    auth: { htpasswd: { realm: 'registry', path: join(folder, 'htpasswd') } },
  };
  // JSON is YAML.
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
  const server = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
    stdio: 'ignore',
  });
  const failed = new Promise<never>((_, reject) => server.once('error', reject));
  await Promise.race([answers(host), failed]);
  return {
    host,
    close: async () => {
      await stopped(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(host: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const status = await fetch(`http://${host}/v2/`).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 401) return;
    await delay(100);
  }
  throw new Error('docker-registry does not answer');
}

async function stopped(server: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => server.once('close', resolve));
  server.kill();
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
