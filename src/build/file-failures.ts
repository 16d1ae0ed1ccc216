import { tmpdir } from 'node:os';
import { types } from 'node:util';

import { SignedImageError } from '../error';

/**
 * Runs the work of a build, and names the files that it could not read or write: its own in the temporary folder
 * (a full disk, a missing `TMPDIR`), or those of the program.
 *
 * @throws SignedImageError `BUILD_FAILED` on `build` instead of an error of the operating system
 */
export async function namingFiles<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isFileError(error)) throw error;
    const parent = tmpdir();
    const isTemporary = error.path === undefined || error.path.startsWith(parent);
    throw new SignedImageError({
      code: 'BUILD_FAILED',
      property: 'build',
      message: isTemporary
        ? `the temporary folder ${parent} cannot be used (${error.code}): it must exist, be writable and have free space; ` +
          'or set the environment variable TMPDIR to another folder'
        : `${error.path} cannot be used (${error.code})`,
      cause: error,
    });
  }
}

type FileError = Error & { readonly code: string; readonly path?: string };

/** An error of a system call on a file; not one of the network, which has no path. */
function isFileError(error: unknown): error is FileError {
  if (!types.isNativeError(error) || error instanceof SignedImageError) return false;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  // A write to an open file has no path.
  const isWrite = syscall === 'write' && (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO');
  return typeof code === 'string' && (typeof path === 'string' || isWrite);
}
