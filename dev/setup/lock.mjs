import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { root, log } from './process.mjs';

// Outside node_modules, which `npm ci` removes.
const lock = join(root, '.setup.lock');
const owner = join(lock, 'pid');

function ownerIsAlive() {
  try {
    process.kill(Number(readFileSync(owner, 'utf8')), 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return error.code === 'EPERM';
  }
}

function take() {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(owner, String(process.pid));
  return true;
}

/** Serializes set-ups of this clone. The lock of a process that was killed is removed after two seconds. */
export async function withSetupLock(action) {
  for (let tries = 0; !take(); tries += 1) {
    if (tries === 0) log('waiting for another set-up of this clone');
    await sleep(1000);
    // Not on the first attempts: between the creation of the folder and of the pid file the lock has no owner yet.
    if (!ownerIsAlive() && tries > 1) rmSync(lock, { recursive: true, force: true });
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await action();
  } finally {
    process.off('exit', release);
    release();
  }
}
