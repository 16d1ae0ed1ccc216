#!/usr/bin/env node
// Installs the third-party Python programs that the tests use: `node dev/tools/python.mjs [environment]`.
// They are installed once, into separate environments in the user's cache folder;
// `--where [environment]` prints the Python of one. Needs Python 3, and only Node's own modules.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/**
 * The environments: `programs` that tests start, the SDKs and the type checker of `languages`, and `sigstore`, the client
 * of that name.
 */
const ENVIRONMENTS = {
  programs: 'requirements.txt',
  languages: 'languages.txt',
  sigstore: 'sigstore.txt',
};
const requirementsOf = (name) => join(here, 'python', ENVIRONMENTS[name]);
const HEARTBEAT_MS = 15_000;

const log = (line) => console.log(`[tools] ${line}`);

function environmentFolder(name) {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const hash = createHash('sha256')
    .update(`python ${process.platform} ${process.arch}\n`)
    .update(readFileSync(requirementsOf(name)))
    .digest('hex');
  return join(cache, 'pulumi-signed-image', 'tools', hash.slice(0, 16));
}

const pythonIn = (folder) =>
  process.platform === 'win32'
    ? join(folder, 'Scripts', 'python.exe')
    : join(folder, 'bin', 'python3');

/** The Python of the environment: `python -m moto.server`. */
export function pythonPath(name = 'programs') {
  return pythonIn(environmentFolder(name));
}

function run(command, args) {
  return new Promise((settle, fail) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', () =>
      fail(new Error('`python3` cannot be started: put Python 3.10 or later on the PATH.')),
    );
    child.once('close', (code) =>
      code === 0
        ? settle()
        : fail(new Error(`${command} ${args.join(' ')} failed:\n${stderr.slice(-4000)}`)),
    );
  });
}

/** Installs the environment unless it exists. Of two concurrent installations the later one is discarded. */
export async function installPythonTools(name = 'programs') {
  const target = environmentFolder(name);
  if (existsSync(pythonIn(target))) return;
  mkdirSync(dirname(target), { recursive: true });
  // Renamed when complete, so that an interrupted installation is not taken for a complete one.
  const making = mkdtempSync(join(dirname(target), 'making-'));
  const started = Date.now();
  const heartbeat = setInterval(
    () => log(`still installing (${Math.round((Date.now() - started) / 1000)} s)`),
    HEARTBEAT_MS,
  );
  try {
    log('installing the Python tools: takes a few minutes, once');
    await run('python3', ['-m', 'venv', making]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(pythonIn(making), [...pip, '--requirement', requirementsOf(name)]);
    if (!existsSync(target)) renameSync(making, target);
    log(`installed into ${target}`);
  } finally {
    clearInterval(heartbeat);
    rmSync(making, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv[2] === '--where') {
    console.log(pythonPath(process.argv[3]));
  } else {
    try {
      await installPythonTools(process.argv[2]);
    } catch (error) {
      console.error(`[tools] ${error.message}`);
      process.exitCode = 1;
    }
  }
}
