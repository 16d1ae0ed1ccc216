import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { SignedImageError } from '../error';
import { openRegularFile, readRegularFile } from '../host/regular-file';
import { BLOB_FOLDER, type Descriptor, hexOf } from '../oci';
import { CHECKSUMS_FILE, parseChecksums } from './checksums';

const MAX_FILE_BYTES = 32 * 1024 * 1024;

function changed(folder: string, faults: readonly string[]): SignedImageError {
  const more = faults.length > MAX_FAULTS ? `; and ${faults.length - MAX_FAULTS} more` : '';
  return new SignedImageError({
    code: 'CONTENT_MISMATCH',
    message: `${folder} was changed after the export: ${faults.slice(0, MAX_FAULTS).join('; ')}${more}`,
  });
}

const MAX_FAULTS = 5;

/**
 * Reads one file of an export.
 *
 * @throws SignedImageError `CONTENT_MALFORMED` if it does not exist, `CONTENT_TOO_LARGE`
 */
export async function readExportFile(folder: string, path: string): Promise<Buffer> {
  try {
    return await readRegularFile(join(folder, path), MAX_FILE_BYTES);
  } catch (error) {
    if (error instanceof SignedImageError) throw error;
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new SignedImageError({
      code: 'CONTENT_MALFORMED',
      message: `${folder} is not an export: ${path} cannot be read (${code})`,
      cause: error,
    });
  }
}

async function checksumOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await openRegularFile(path);
  await pipeline(file.createReadStream(), hash);
  return hash.digest('hex');
}

/** Returns the files below a folder, with `/` in their paths; other kinds of files are included by name. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll('\\', '/'));
}

/**
 * Checks that a folder contains exactly the files of `checksums.txt`. It finds damage; whoever changes a file can
 * change its checksum, too.
 *
 * @throws SignedImageError `CONTENT_MISMATCH`, `CONTENT_MALFORMED`
 */
export async function checkChecksums(folder: string): Promise<void> {
  const text = (await readExportFile(folder, CHECKSUMS_FILE)).toString('utf8');
  const checksums = parseChecksums(text);
  const present = new Set(await filesBelow(resolve(folder)));
  const faults: string[] = [];
  for (const [path, checksum] of checksums) {
    if (!present.has(path)) faults.push(`${path} is missing`);
    else if ((await checksumOfFile(join(folder, path))) !== checksum)
      faults.push(`${path} has another checksum`);
  }
  for (const path of present)
    if (path !== CHECKSUMS_FILE && !checksums.has(path)) faults.push(`${path} was added`);
  if (faults.length > 0) throw changed(folder, faults);
}

/**
 * Checks the content of blobs of any size in an OCI layout.
 *
 * @throws SignedImageError `CONTENT_MISMATCH`
 */
export async function checkBlobs(layout: string, blobs: readonly Descriptor[]): Promise<void> {
  const faults: string[] = [];
  for (const { digest } of blobs) {
    const path = `${BLOB_FOLDER}/${hexOf(digest)}`;
    const checksum = await checksumOfFile(join(layout, path)).catch(() => undefined);
    if (checksum === undefined) faults.push(`${path} is missing`);
    else if (checksum !== hexOf(digest)) faults.push(`${path} has another digest`);
  }
  if (faults.length > 0) throw changed(layout, faults);
}

/**
 * Checks that the readable files are those of the verified signatures.
 *
 * @throws SignedImageError `CONTENT_MISMATCH`
 */
export async function checkReadableFiles(
  folder: string,
  expected: ReadonlyMap<string, Buffer>,
): Promise<void> {
  const faults: string[] = [];
  for (const [path, bytes] of expected) {
    const found = await readRegularFile(join(folder, path), MAX_FILE_BYTES).catch(() => undefined);
    if (found === undefined) faults.push(`${path} is missing`);
    else if (!found.equals(bytes)) faults.push(`${path} is not what was verified`);
  }
  if (faults.length > 0) throw changed(folder, faults);
}
