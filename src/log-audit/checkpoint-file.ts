import { randomBytes } from 'node:crypto';
import { open, readFile, readlink, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { SignedImageError } from '../error';
import type { CheckpointStore } from './log-checkpoint';

function failure(path: string, what: string, error: unknown): SignedImageError {
  const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
  return new SignedImageError({
    code: 'INPUT_INVALID',
    property: 'checkpoint',
    message: `the checkpoint file ${path} cannot be ${what} (${code})`,
    cause: error,
  });
}

/** Returns the file that a symbolic link names, which may be on storage that is kept; otherwise the path. */
async function linkedFile(path: string): Promise<string> {
  const existing = await realpath(path).catch(() => undefined);
  if (existing !== undefined) return existing;
  const target = await readlink(path).catch(() => undefined);
  return target === undefined ? path : resolve(dirname(path), target);
}

async function replace(declared: string, text: string): Promise<void> {
  const path = await linkedFile(declared);
  // In the same folder: a file system replaces a file at once, but not across file systems. Processes of two
  // containers that share the folder may have the same process id.
  const suffix = randomBytes(6).toString('hex');
  const fresh = join(dirname(path), `.${basename(path)}.${suffix}.new`);
  try {
    const file = await open(fresh, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

/** A checkpoint in a file. Its methods throw SignedImageError `INPUT_INVALID` on `checkpoint`. */
export function checkpointFile(path: string): CheckpointStore {
  return {
    async read() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw failure(path, 'read', error);
      }
    },
    async write(text) {
      try {
        await replace(path, text);
      } catch (error) {
        throw failure(path, 'written', error);
      }
    },
  };
}
