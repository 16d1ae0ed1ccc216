import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { root, say } from './process.mjs';

// Outside node_modules, which `npm ci` removes.
const lock = join(root, '.setup.lock');
const owner = join(lock, 'pid');

function ownerIsAlive() {
  try {
    process.kill(Number(readFileSync(owner, 'utf8')), 0);
    return true;
  } catch (error) {
    // EPERM: it lives and is another user's.
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

/** Lets one set-up at a time work on this clone; one that was killed leaves no lock behind for long. */
export async function withSetupLock(action) {
  for (let tries = 0; !take(); tries += 1) {
    if (tries === 0) say('waiting for another set-up of this clone');
    await sleep(1000);
    // A second look: between making the folder and writing the pid it has no owner yet.
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
