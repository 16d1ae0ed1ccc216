#!/usr/bin/env node
// Builds the programs that others wrote and that our tests run against: `node dev/tools/build.mjs`.
// They are built once, into a cache folder outside of the clone; `--where` prints that folder.
// Plain Node, nothing installed needed, besides Go.
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
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** What is built, by the name of its program. The versions stand in go.mod. */
const PROGRAMS = {
  cosign: 'github.com/sigstore/cosign/v3/cmd/cosign',
  crane: 'github.com/google/go-containerregistry/cmd/crane',
  registry: 'github.com/google/go-containerregistry/cmd/registry',
  rekorcanon: './rekorcanon',
};

const HEARTBEAT_MS = 15_000;
const say = (line) => console.log(`[tools] ${line}`);

function cacheFolder() {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(cache, 'pulumi-signed-image', 'tools');
}

/** Changes with everything that the programs are made of. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const file of ['go.mod', 'go.sum', 'rekorcanon/main.go']) {
    hash.update(`${file}\n`).update(readFileSync(join(here, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** The folder that holds the programs once they are built. */
export function toolsFolder() {
  return join(cacheFolder(), fingerprint());
}

/** Where a program is (or will be, before `buildTools`). */
export function toolPath(name) {
  if (!Object.hasOwn(PROGRAMS, name)) throw new Error(`there is no tool named ${name}`);
  return join(toolsFolder(), process.platform === 'win32' ? `${name}.exe` : name);
}

const isBuilt = () => Object.keys(PROGRAMS).every((name) => existsSync(toolPath(name)));

/** Builds what is not there yet; another build of the same is waited for. */
export async function buildTools() {
  if (isBuilt()) return;
  mkdirSync(cacheFolder(), { recursive: true });
  await withLock(`${toolsFolder()}.lock`, async () => {
    if (isBuilt()) return;
    // Renamed when whole, so that a build that was broken off leaves nothing that looks built.
    const making = mkdtempSync(join(cacheFolder(), 'making-'));
    try {
      say(`building ${Object.keys(PROGRAMS).join(', ')} with Go: some 5 minutes, once`);
      await goBuild(making);
      rmSync(toolsFolder(), { recursive: true, force: true });
      renameSync(making, toolsFolder());
      say(`built into ${toolsFolder()}`);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  });
}

/** `-v` names each package as it is compiled: told as a count, now and then. */
function goBuild(folder) {
  return new Promise((settle, fail) => {
    const args = ['build', '-v', '-trimpath', '-o', folder, ...Object.values(PROGRAMS)];
    const child = spawn('go', args, { cwd: here, stdio: ['ignore', 'inherit', 'pipe'] });
    const started = Date.now();
    let compiled = 0;
    let trouble = '';
    const heartbeat = setInterval(() => {
      say(`${compiled} packages compiled after ${Math.round((Date.now() - started) / 1000)} s`);
    }, HEARTBEAT_MS);
    child.stderr.setEncoding('utf8').on('data', (text) => {
      for (const line of text.split('\n')) {
        if (/^[\w./~+-]+$/.test(line)) compiled += 1;
        else if (line !== '' && !line.startsWith('go: downloading')) trouble += `${line}\n`;
      }
    });
    const done = (finish) => {
      clearInterval(heartbeat);
      finish();
    };
    child.once('error', () =>
      done(() => fail(new Error('Go does not run: put Go 1.26 on the PATH.'))),
    );
    child.once('close', (code) =>
      done(() => (code === 0 ? settle() : fail(new Error(`go build failed:\n${trouble}`)))),
    );
  });
}

async function withLock(lock, action) {
  for (let tries = 0; !take(lock); tries += 1) {
    if (tries === 0) say('waiting for another build of the same tools');
    await sleep(1000);
    // Between making the folder and writing the pid it has no owner yet: hence not at once.
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
  if (process.argv[2] === '--where') {
    console.log(toolsFolder());
  } else {
    try {
      await buildTools();
    } catch (error) {
      console.error(`[tools] ${error.message}`);
      process.exitCode = 1;
    }
  }
}
