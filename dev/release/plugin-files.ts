import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { ROOT, type LockFile, type Manifest, readJson } from './manifest';

/**
 * What the plugin loads on first use, for key backends, logins and the policies for a cluster. `pkcs11js` needs a
 * compiler and is left out.
 */
export const OPTIONAL = [
  '@aws-sdk/client-kms',
  '@azure/identity',
  '@azure/keyvault-keys',
  '@google-cloud/kms',
  '@grpc/grpc-js',
  '@kubernetes/client-node',
  '@pulumi/kubernetes',
  'google-auth-library',
  'openid-client',
];

/** Only for compilers and debuggers. */
const NOT_AT_RUN_TIME = /\.(?:d\.[cm]?ts|[cm]?js\.map|d\.[cm]?ts\.map|tsbuildinfo)$/;

const LAUNCHER = `#!/usr/bin/env node
'use strict';

require('./lib/dist/plugin/main.js');
`;

const run = (cwd: string, program: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** The manifest of the packed package with exact versions, and the optional packages as dependencies. */
function pinned(packed: Manifest, lock: LockFile): Manifest {
  const names = [...Object.keys(packed.dependencies ?? {}), ...OPTIONAL];
  const versions = names.map((name) => {
    const version = lock.packages[`node_modules/${name}`]?.version;
    if (version === undefined) throw new Error(`package-lock.json has no ${name}`);
    return [name, version] as const;
  });
  return {
    ...packed,
    dependencies: Object.fromEntries(versions),
    devDependencies: {},
    peerDependencies: {},
    peerDependenciesMeta: {},
    scripts: {},
  };
}

/**
 * Throws unless each installed package is one of the repository's lock file, with the same content.
 * npm can hoist a package to another folder, so that only name, version and integrity are compared.
 */
export function assertLocked(installed: LockFile, lock: LockFile): void {
  const keysOf = ({ packages }: LockFile): ReadonlySet<string> =>
    new Set(
      Object.entries(packages)
        .filter(([path]) => path !== '')
        .map(([path, { name, version, integrity }]) => {
          const called = name ?? path.slice(path.lastIndexOf('node_modules/') + 13);
          return `${called}@${version ?? ''} ${integrity ?? ''}`;
        }),
    );
  const known = keysOf(lock);
  const others = [...keysOf(installed)].filter((key) => !known.has(key));
  if (others.length > 0) {
    throw new Error(`not in package-lock.json of the repository: ${others.join(', ')}`);
  }
}

/** Removes what only compilers and debuggers read, and links, which archives for Windows cannot have. */
function removeUnused(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink() || NOT_AT_RUN_TIME.test(entry.name)) rmSync(path, { force: true });
  }
}

/**
 * Writes the files that all plugin archives share into `folder`: the published package in `lib/` with its
 * dependencies in the versions of `package-lock.json`, so that the plugin needs only Node.
 */
export function writePluginFiles(folder: string): void {
  const lib = join(folder, 'lib');
  mkdirSync(lib, { recursive: true });
  const [pack] = JSON.parse(
    run(ROOT, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder),
  ) as { filename: string }[];
  if (pack === undefined) throw new Error('`npm pack` wrote no file');
  run(folder, 'tar', '-xzf', pack.filename, '--strip-components=1', '-C', 'lib');
  rmSync(join(folder, pack.filename));

  const lock = readJson<LockFile>(join(ROOT, 'package-lock.json'));
  const manifest = pinned(readJson<Manifest>(join(lib, 'package.json')), lock);
  writeFileSync(join(lib, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  copyFileSync(join(ROOT, 'package-lock.json'), join(lib, 'package-lock.json'));
  run(lib, 'npm', 'install', '--ignore-scripts', '--omit=peer', '--no-audit', '--no-fund');
  assertLocked(readJson<LockFile>(join(lib, 'package-lock.json')), lock);

  for (const name of ['docs', 'plugin', 'policy', 'types']) {
    rmSync(join(lib, name), { recursive: true, force: true });
  }
  rmSync(join(lib, 'node_modules/.bin'), { recursive: true, force: true });
  rmSync(join(lib, 'node_modules/.package-lock.json'), { force: true });
  removeUnused(lib);
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}

/** The program that the engine starts on Linux and macOS. */
export function writeLauncher(folder: string): void {
  const path = join(folder, 'pulumi-resource-signed-image');
  writeFileSync(path, LAUNCHER);
  chmodSync(path, 0o755);
}

/** The program that the engine starts on Windows; `goarch` as in the name of the archive. */
export function buildLauncher(folder: string, goos: string, goarch: string): void {
  const name = `pulumi-resource-signed-image${goos === 'windows' ? '.exe' : ''}`;
  execFileSync(
    'go',
    ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', join(folder, name), '.'],
    {
      cwd: join(ROOT, 'dev/tools/launcher'),
      env: { ...process.env, GOOS: goos, GOARCH: goarch, CGO_ENABLED: '0' },
      stdio: 'inherit',
    },
  );
}

/** The version of the package, which is also that of the plugin. */
export const releaseVersion = (): string =>
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
