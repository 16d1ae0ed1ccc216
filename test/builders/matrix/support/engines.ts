import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type DebianRegistry,
  type Engine,
  startBuildkit,
  startContainers,
  startDebianRegistry,
  startDocker,
  startModernDocker,
} from '../../../../dev/builders';
import { makeCertificate } from '../../../../dev/registry/tls';
import type { EngineName } from './columns';

/** Debian's docker-registry in three forms: plain http, with Basic authentication, and with TLS. */
export interface Registries {
  readonly plain: DebianRegistry;
  readonly basic: DebianRegistry;
  readonly tls: DebianRegistry;
  /** The login of `basic`. */
  readonly username: string;
  readonly password: string;
  /** Path of the certificate of the CA of `tls`. */
  readonly caFile: string;
  /** Of a CA that issued nothing here. */
  readonly otherCaFile: string;
}

export interface Engines {
  readonly registries: Registries;
  readonly engines: ReadonlyMap<EngineName, Engine>;
  stop(): Promise<void>;
}

/** Starts the registries, and each of these engines once. */
export async function startEngines(names: ReadonlySet<EngineName>): Promise<Engines> {
  const folder = mkdtempSync(join(tmpdir(), 'matrix-'));
  const registries = await startRegistries(folder);
  const { plain, basic, tls, caFile } = registries;
  const reaches = [plain.port, basic.port, tls.port];
  const engines = new Map<EngineName, Engine>();
  const owned: Engine[] = [];
  const stop = async (): Promise<void> => {
    for (const each of [...owned, plain, basic, tls]) await each.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const options = (name: string) => ({ folder: join(folder, name), reaches });
  // These are declared to be without TLS.
  const containers = (name: string) => ({ ...options(name), reaches: [plain.port, basic.port] });
  const start = async (name: EngineName, starting: Promise<Engine>): Promise<Engine> => {
    const engine = await starting;
    engines.set(name, engine);
    owned.push(engine);
    return engine;
  };
  try {
    if (names.has('docker') || names.has('all')) {
      const docker = await start('docker', startDocker({ ...options('docker'), buildx: true }));
      if (names.has('all')) {
        const store = await startContainers(containers('containers'));
        owned.push(store);
        // `auto` chooses its own buildx builder: the daemon's.
        const { buildxBuilder: _, ...rest } = docker;
        engines.set('all', { ...rest, env: { ...store.env, ...docker.env } });
      }
    }
    if (names.has('modern')) await start('modern', startModernDocker(options('modern')));
    if (names.has('buildkit'))
      await start(
        'buildkit',
        startBuildkit({ ...options('buildkit'), authorities: { [tls.host]: caFile } }),
      );
    if (names.has('podman')) await start('podman', startContainers(containers('podman')));
    if (names.has('buildah')) await start('buildah', startContainers(containers('buildah')));
    return { registries, engines, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startRegistries(folder: string): Promise<Registries> {
  const username = 'user';
  const password = `canary-${randomBytes(12).toString('hex')}`;
  const certificate = await makeCertificate();
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, certificate.ca);
  const otherCaFile = join(folder, 'other-ca.pem');
  writeFileSync(otherCaFile, (await makeCertificate()).ca);
  const at = (name: string) => ({ folder: join(folder, `registry-${name}`) });
  return {
    plain: await startDebianRegistry(at('plain')),
    basic: await startDebianRegistry({
      ...at('basic'),
      htpasswd: `${username}:${bcrypt(password)}\n`,
    }),
    tls: await startDebianRegistry({ ...at('tls'), tls: certificate }),
    username,
    password,
    caFile,
    otherCaFile,
  };
}

/** By crypt(3) of Debian's perl-base: docker-registry accepts no other hash. */
function bcrypt(password: string): string {
  const salt = `$2b$04$${randomBytes(11).toString('hex')}`;
  const program = 'print crypt(<STDIN>, $ARGV[0])';
  return execFileSync('perl', ['-e', program, salt], { input: password, encoding: 'utf8' });
}
