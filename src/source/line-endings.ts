import { readFile, stat } from 'node:fs/promises';

import type { CommitFile } from './commit-file';
import { blobId, type HashName } from './file-hashes';

const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Whether a file differs from the commit's only in that its lines end with CRLF, as `core.autocrlf` writes them.
 *
 * @param path - Absolute, in latin1.
 */
export async function differsInLineEndings(
  path: string,
  { id }: CommitFile,
  hash: HashName,
): Promise<boolean> {
  const bytes = Buffer.from(path, 'latin1');
  try {
    if ((await stat(bytes)).size > MAX_BYTES) return false;
    const text = (await readFile(bytes)).toString('latin1').replaceAll('\r\n', '\n');
    return blobId(Buffer.from(text, 'latin1'), hash) === id;
  } catch {
    // It is gone, and a difference all the same.
    return false;
  }
}
