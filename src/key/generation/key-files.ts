import { constants } from 'node:fs';
import { access, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { SignedImageError } from '../../error';

/** A file to create. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** Permissions, before the umask: `0o600`. */
  readonly mode: number;
}

/** The file operations of key generation. */
export interface KeyFiles {
  /**
   * Checks, before any key is created, whether the file can be created.
   *
   * @throws SignedImageError `KEY_EXISTS`, `INPUT_INVALID`
   */
  expectNew(path: string): Promise<void>;
  /**
   * Writes a file that does not exist yet, completely or not at all.
   *
   * @throws SignedImageError `KEY_EXISTS`, `INPUT_INVALID`
   */
  write(file: NewFile): Promise<void>;
  remove(path: string): Promise<void>;
}

function exists(path: string): SignedImageError {
  return new SignedImageError({
    code: 'KEY_EXISTS',
    message: `${path} already exists and is not overwritten; choose another name with --output-key-prefix`,
  });
}

function unwritable(path: string, error: unknown): SignedImageError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return exists(path);
  return new SignedImageError({
    code: 'INPUT_INVALID',
    message: `${path} cannot be written (${code ?? 'unknown error'}); check the folder, or choose another with --output-key-prefix`,
    cause: error,
  });
}

async function fileExists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw unwritable(path, error);
  }
}

/** Returns the file operations of the local file system. */
export function localKeyFiles(): KeyFiles {
  return {
    async expectNew(path) {
      if (await fileExists(path)) throw exists(path);
      try {
        await access(dirname(path), constants.W_OK);
      } catch (error) {
        throw unwritable(path, error);
      }
    },
    async write({ path, text, mode }) {
      try {
        // `wx` also rejects an existing symbolic link.
        const file = await open(path, 'wx', mode);
        try {
          await file.writeFile(text);
          await file.sync();
        } catch (error) {
          await rm(path, { force: true });
          throw error;
        } finally {
          await file.close();
        }
      } catch (error) {
        throw unwritable(path, error);
      }
    },
    remove: (path) => rm(path, { force: true }),
  };
}
