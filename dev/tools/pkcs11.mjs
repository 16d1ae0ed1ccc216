#!/usr/bin/env node
// Prepares the tools for the tests of PKCS#11 tokens: `node dev/tools/pkcs11.mjs`. Compiles the package
// pkcs11js; finds SoftHSM on the system, or unpacks its Debian package without installing it; and builds
// cosign with PKCS#11, which its release builds leave out. Done once, into the user's cache folder;
// `--env` prints the variables that the tests read. Needs npm, Go, a C++ compiler, and only Node's own modules.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const MANIFESTS = ['package.json', 'package-lock.json'];
const DEBIAN_PACKAGE = 'libsofthsm2';
const COSIGN = 'github.com/sigstore/cosign/v3/cmd/cosign';
const HEARTBEAT_MS = 15_000;

const log = (line) => console.log(`[tools] ${line}`);

function targetFolder() {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const hash = createHash('sha256').update(`pkcs11 ${process.platform} ${process.arch}\n`);
  for (const name of MANIFESTS) hash.update(readFileSync(join(here, 'pkcs11', name)));
  for (const name of ['go.mod', 'go.sum', 'pkcs11.mjs'])
    hash.update(readFileSync(join(here, name)));
  return join(cache, 'pulumi-signed-image', 'tools', hash.digest('hex').slice(0, 16));
}

/** Paths of SoftHSM on Debian, Fedora, Homebrew, and after `make install`. */
const SYSTEM_MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

function softhsmModule() {
  const unpacked = join(targetFolder(), 'softhsm', SYSTEM_MODULES[0]);
  return existsSync(unpacked) ? unpacked : SYSTEM_MODULES.find((path) => existsSync(path));
}

/** The variables that the tests read. A native module reads those of its process. */
export function pkcs11Environment() {
  const folder = targetFolder();
  return {
    NODE_PATH: join(folder, 'node_modules'),
    SOFTHSM2_CONF: join(folder, 'softhsm2.conf'),
    SOFTHSM2_MODULE: softhsmModule() ?? '',
    COSIGN_WITH_PKCS11: join(folder, 'cosign'),
  };
}

function run(command, args, cwd) {
  return new Promise((settle, fail) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', () =>
      fail(new Error(`\`${command}\` cannot be started: put it on the PATH.`)),
    );
    child.once('close', (code) =>
      code === 0
        ? settle()
        : fail(new Error(`${command} ${args.join(' ')} failed:\n${stderr.slice(-4000)}`)),
    );
  });
}

/** Compiles as node-gyp does by binding.gyp, without downloading headers. */
async function compilePackage(folder) {
  for (const name of MANIFESTS) copyFileSync(join(here, 'pkcs11', name), join(folder, name));
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder);
  const source = join(folder, 'node_modules', 'pkcs11js');
  mkdirSync(join(source, 'build', 'Release'), { recursive: true });
  const mac = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  await run(
    process.env['CXX'] || 'c++',
    [
      ...['-std=c++17', '-O1', '-shared', '-fPIC', '-DNAPI_DISABLE_CPP_EXCEPTIONS'],
      ...['-DNODE_GYP_MODULE_NAME=pkcs11', '-DBUILDING_NODE_EXTENSION', '-Iincludes'],
      ...['-I../node-api-headers/include', 'src/dl.cpp', 'src/common.cpp', 'src/main.cpp'],
      ...['-o', 'build/Release/pkcs11.node', '-ldl', ...mac],
    ],
    source,
  );
}

/** `apt-get download` verifies the package like an installation, without root. */
async function unpackSofthsm(folder) {
  if (SYSTEM_MODULES.some((path) => existsSync(path))) return;
  try {
    await run('apt-get', ['download', DEBIAN_PACKAGE], folder);
  } catch (error) {
    throw new Error(`SoftHSM is missing; install softhsm2. ${error.message}`, { cause: error });
  }
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.deb'))) {
    await run('dpkg-deb', ['-x', name, 'softhsm'], folder);
  }
}

function configureSofthsm(folder) {
  mkdirSync(join(folder, 'tokens'));
  const lines = [
    `directories.tokendir = ${join(targetFolder(), 'tokens')}`,
    'objectstore.backend = file',
    'log.level = ERROR',
  ];
  writeFileSync(join(folder, 'softhsm2.conf'), `${lines.join('\n')}\n`);
}

/** Prepares the tools unless they exist. Of two concurrent runs the later result is discarded. */
export async function makePkcs11Tools() {
  const target = targetFolder();
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  // Renamed when complete, so that an interrupted run is not taken for a complete one.
  const making = mkdtempSync(join(dirname(target), 'making-'));
  const started = Date.now();
  const heartbeat = setInterval(
    () => log(`still building (${Math.round((Date.now() - started) / 1000)} s)`),
    HEARTBEAT_MS,
  );
  try {
    log(
      'building pkcs11js and cosign with PKCS#11, preparing SoftHSM: takes about 2 minutes, once',
    );
    await compilePackage(making);
    await unpackSofthsm(making);
    configureSofthsm(making);
    const output = join(making, 'cosign');
    await run('go', ['build', '-trimpath', '-tags', 'pkcs11key', '-o', output, COSIGN], here);
    if (!existsSync(target)) renameSync(making, target);
    log(`built into ${target}`);
  } finally {
    clearInterval(heartbeat);
    rmSync(making, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    if (process.argv[2] === '--env') {
      for (const [name, value] of Object.entries(pkcs11Environment())) {
        console.log(`${name}=${value}`);
      }
    } else {
      await makePkcs11Tools();
    }
  } catch (error) {
    console.error(`[tools] ${error.message}`);
    process.exitCode = 1;
  }
}
