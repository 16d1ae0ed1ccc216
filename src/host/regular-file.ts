import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { SignedImageError } from '../error';

/**
 * Opens a file of a folder that others wrote. A named pipe would wait without end for a writer, and a device has no
 * end, so neither is opened for reading.
 *
 * @throws SignedImageError `CONTENT_MALFORMED` for another kind of file; errors of `fs.open`
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  // Without a writer, a named pipe is opened at once; Windows does not have the flag.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new SignedImageError({
    code: 'CONTENT_MALFORMED',
    message: `${path} is not a regular file`,
  });
}

/**
 * Reads a file of a folder that others wrote, up to a size.
 *
 * @throws SignedImageError `CONTENT_TOO_LARGE`, `CONTENT_MALFORMED` for another kind of file; errors of `fs.open`
 */
export async function readRegularFile(path: string, limit: number): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    if (size > limit) {
      throw new SignedImageError({
        code: 'CONTENT_TOO_LARGE',
        message: `${path} has ${size} bytes, and at most ${limit} are read`,
      });
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}
