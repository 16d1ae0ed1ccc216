import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { removeAbandonedFolders, writeOwner } from '../../src/build/abandoned-folders';

const DAY_MS = 24 * 60 * 60 * 1000;

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'abandoned-'));
});
afterEach(() => rm(parent, { recursive: true }));

/** A folder of a build of this process, with changes to its owner. */
async function folder(changes: object = {}): Promise<string> {
  const path = mkdtempSync(join(parent, 'signed-image-build-'));
  await writeOwner(path);
  const file = join(path, 'owner.json');
  const owner = JSON.parse(readFileSync(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...owner, ...changes }));
  await writeFile(join(path, 'config.json'), '{}');
  return path;
}

async function age(path: string): Promise<string> {
  const time = new Date(Date.now() - DAY_MS - 60_000);
  await utimes(path, time, time);
  return path;
}

const endedPid = (): number => spawnSync(process.execPath, ['--version']).pid;

test('the folder of a process that has ended is removed', async () => {
  const ended = await folder({ pid: endedPid() });
  await removeAbandonedFolders(parent);
  expect(existsSync(ended)).toBe(false);
});

test('the folder of a running process is kept, however old', async () => {
  const other = spawn('sleep', ['600'], { stdio: 'ignore' });
  try {
    const own = await age(await folder());
    const others = await age(await folder({ pid: other.pid, start: undefined }));
    await removeAbandonedFolders(parent);
    expect([existsSync(own), existsSync(others)]).toEqual([true, true]);
  } finally {
    other.kill('SIGKILL');
  }
});

test('a process that has the number of one that has ended does not keep its folder', async () => {
  const reused = await folder({ start: '1' });
  await removeAbandonedFolders(parent);
  expect(existsSync(reused)).toBe(false);
});

test.each([
  ['of another machine', { host: 'another.example' }],
  ['of another container or boot', { namespace: 'other pid:[1]' }],
  ['without a valid owner', { pid: 'x' }],
])('a folder %s is kept for a day', async (_, changes) => {
  const owner = { pid: endedPid(), ...changes };
  const fresh = await folder(owner);
  const old = await age(await folder(owner));
  await removeAbandonedFolders(parent);
  expect([existsSync(fresh), existsSync(old)]).toEqual([true, false]);
});

test('links and other folders are kept', async () => {
  const target = join(parent, 'other');
  mkdirSync(target);
  await writeFile(join(target, 'file'), '');
  symlinkSync(target, join(parent, 'signed-image-build-link'));
  await age(target);
  await removeAbandonedFolders(parent);
  expect(existsSync(join(parent, 'signed-image-build-link', 'file'))).toBe(true);
});
