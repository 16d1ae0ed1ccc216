import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, basename } from 'node:path';

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

async function replace(path: string, text: string): Promise<void> {
  // In the same folder: a file system replaces a file at once, but not across file systems.
  const fresh = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  try {
    const file = await open(fresh, 'w', 0o600);
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
