#!/usr/bin/env node
// Builds the third-party programs that the tests use:
// `node dev/tools/build.mjs [group...]`, by default the group `cosign` (see groups.mjs).
// A group is built once, into a cache folder outside of the clone; `--where [group]` prints it.
// Needs Go, and only Node's own modules.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { GROUPS } from './groups.mjs';

const here = dirname(fileURLToPath(import.meta.url));

const HEARTBEAT_MS = 15_000;
const log = (line) => console.log(`[tools] ${line}`);

function cacheFolder() {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(cache, 'pulumi-signed-image', 'tools');
}

function groupOf(name) {
  if (!Object.hasOwn(GROUPS, name)) {
    throw new Error(`unknown group ${name}: use one of ${Object.keys(GROUPS).join(', ')}`);
  }
  return GROUPS[name];
}

/** The cache key: a hash of the sources and settings of the programs. */
function fingerprint({ folder, sources, ldflags = '', tags = [] }) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  if (ldflags !== '') hash.update(`${ldflags}\n`);
  if (tags.length > 0) hash.update(`${tags.join(',')}\n`);
  for (const file of ['go.mod', 'go.sum', ...sources]) {
    hash.update(`${file}\n`).update(readFileSync(join(here, folder, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** The folder for the built programs of a group. */
export function toolsFolder(group = 'cosign') {
  return join(cacheFolder(), fingerprint(groupOf(group)));
}

const fileOf = (name) => (process.platform === 'win32' ? `${name}.exe` : name);

/** The path of a program, also before `buildTools`. */
export function toolPath(name) {
  const group = Object.keys(GROUPS).find((each) => Object.hasOwn(GROUPS[each].programs, name));
  if (group === undefined) throw new Error(`unknown tool ${name}`);
  return join(toolsFolder(group), fileOf(name));
}

const isBuilt = (group) =>
  Object.keys(groupOf(group).programs).every((name) => existsSync(toolPath(name)));

/** Builds a group unless it is built; waits for another build of the same group. */
export async function buildTools(group = 'cosign') {
  if (isBuilt(group)) return;
  const { programs, minutes } = groupOf(group);
  const target = toolsFolder(group);
  mkdirSync(cacheFolder(), { recursive: true });
  await withLock(`${target}.lock`, async () => {
    if (isBuilt(group)) return;
    // Renamed when complete, so that an interrupted build is not taken for a complete one.
    const making = mkdtempSync(join(cacheFolder(), 'making-'));
    try {
      log(
        `building ${Object.keys(programs).join(', ')} with Go: takes about ${minutes} minutes, once`,
      );
      await goBuild(making, groupOf(group));
      renamePrograms(making, programs);
      rmSync(target, { recursive: true, force: true });
      renameSync(making, target);
      log(`built into ${target}`);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  });
}

/** Renames the programs, which Go names after the last part of their packages. */
function renamePrograms(folder, programs) {
  for (const [name, source] of Object.entries(programs)) {
    const made = join(folder, fileOf(basename(source)));
    if (made !== join(folder, fileOf(name))) renameSync(made, join(folder, fileOf(name)));
  }
}

/** Runs `go build`. `-v` prints each compiled package; their count is logged while the build runs. */
function goBuild(target, { folder, programs, ldflags = '', tags = [], env = {} }) {
  return new Promise((settle, fail) => {
    const flags = ['-v', '-trimpath', `-ldflags=${ldflags}`, `-tags=${tags.join(',')}`];
    const args = ['build', ...flags, '-o', target, ...Object.values(programs)];
    const child = spawn('go', args, {
      cwd: join(here, folder),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    const started = Date.now();
    let compiled = 0;
    let errors = '';
    const heartbeat = setInterval(() => {
      log(`${compiled} packages compiled after ${Math.round((Date.now() - started) / 1000)} s`);
    }, HEARTBEAT_MS);
    child.stderr.setEncoding('utf8').on('data', (text) => {
      for (const line of text.split('\n')) {
        if (/^[\w./~+-]+$/.test(line)) compiled += 1;
        else if (line !== '' && !line.startsWith('go: downloading')) errors += `${line}\n`;
      }
    });
    const done = (finish) => {
      clearInterval(heartbeat);
      finish();
    };
    child.once('error', () =>
      done(() => fail(new Error('`go` cannot be started: put Go 1.26 on the PATH.'))),
    );
    child.once('close', (code) =>
      done(() => (code === 0 ? settle() : fail(new Error(`go build failed:\n${errors}`)))),
    );
  });
}

async function withLock(lock, action) {
  for (let tries = 0; !take(lock); tries += 1) {
    if (tries === 0) log('waiting for another build of the same tools');
    await sleep(1000);
    // Not on the first attempts: between the creation of the folder and of the pid file the lock has no owner yet.
    if (tries > 1 && !ownerIsAlive(lock)) rmSync(lock, { recursive: true, force: true });
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  try {
    await action();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(lock, 'pid'), String(process.pid));
  return true;
}

function ownerIsAlive(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [option, ...names] = process.argv.slice(2);
  try {
    if (option === '--where') {
      console.log(toolsFolder(names[0]));
    } else {
      const groups = option === undefined ? ['cosign'] : [option, ...names];
      for (const group of groups) await buildTools(group);
    }
  } catch (error) {
    console.error(`[tools] ${error.message}`);
    process.exitCode = 1;
  }
}
