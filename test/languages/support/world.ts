import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { type RunningRegistry, startRegistry } from '../../../dev/registry';
import { encryptPrivateKey } from '../../../src/key';
import { command } from './command';
import { loadTools, ROOT } from './tools';

export { ROOT };

export const SDK = join(ROOT, 'sdk');
export const PASSWORD = 'canary-languages-password-71c0';

/** The files of a key, as `signed-image keys generate` writes them. */
export interface KeyFiles {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** What all programs share: the packed package, a registry, a key, and the tools that were built for the suite. */
export interface World {
  readonly folder: string;
  readonly registry: RunningRegistry;
  /** The npm tarball of this package. */
  readonly tarball: string;
  /** The plugin's folder of the installed package. */
  readonly plugin: string;
  readonly key: KeyFiles;
  /** Python with the SDKs of Pulumi and the type checker. */
  readonly python: string;
  readonly cosign: string;
  /** Files of schemas, by package. */
  readonly schemas: Readonly<Record<string, string>>;
  /** The local repository of Maven. */
  readonly maven: string;
  /** The environment of the engines, with the language hosts on the PATH. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

async function writeKey(folder: string): Promise<KeyFiles> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [privateKey, publicKey] = [join(folder, 'cosign.key'), join(folder, 'cosign.pub')];
  writeFileSync(privateKey, await encryptPrivateKey(pair.privateKey, PASSWORD), { mode: 0o600 });
  writeFileSync(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  return { privateKey, publicKey };
}

/** Installs the published tarball, as a consumer does, into an empty project. */
async function installPacked(folder: string): Promise<{ tarball: string; plugin: string }> {
  const packed = await command(ROOT, [
    ...(['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder] as const),
  ]);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  const tarball = join(folder, filename);
  const project = join(folder, 'installed');
  mkdirSync(project);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      name: 'installed',
      private: true,
      dependencies: { 'pulumi-signed-image': `file:${tarball}` },
    }),
  );
  await command(project, ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline']);
  return { tarball, plugin: join(project, 'node_modules/pulumi-signed-image/plugin') };
}

export async function openWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'signed-image-languages-'));
  const tools = await loadTools();
  const { tarball, plugin } = await installPacked(folder);
  const key = await writeKey(folder);
  const registry = await startRegistry();
  const docker = join(folder, 'docker');
  mkdirSync(docker);
  return {
    folder,
    registry,
    tarball,
    plugin,
    key,
    python: tools.python,
    cosign: tools.cosign,
    maven: tools.maven,
    schemas: { kubernetes: tools.kubernetes },
    env: {
      DOCKER_CONFIG: docker,
      PATH: [dirname(tools.yaml), process.env['PATH'] ?? ''].join(delimiter),
    },
    close: async () => {
      await registry.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
