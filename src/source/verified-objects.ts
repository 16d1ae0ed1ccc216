import { createHash } from 'node:crypto';

import type { CommitFile } from './commit-file';
import type { GitRepository } from './git-repository';
import type { ScratchRepository } from './scratch-repository';
import { unreadable } from './unreadable';

export type ObjectType = 'commit' | 'tree' | 'blob';

/** Maximum bytes of blobs in one batch: the whole output of git is in memory. */
const MAX_BATCH_BYTES = 32 * 1024 * 1024;
/** Larger blobs are not read. */
const MAX_BLOB_BYTES = 128 * 1024 * 1024;

/**
 * Reads objects of the inspected repository by id, and verifies their hashes. git does not verify objects that it
 * reads from its object store, so an attacker with write access there could replace the content of a known id.
 *
 * @returns The objects by id, without missing ones (partial clones)
 * @throws SignedImageError `SOURCE_UNREADABLE` for objects that do not match their id or type
 */
export async function readObjects(
  type: ObjectType,
  ids: readonly string[],
  { top, hash }: GitRepository,
  scratch: ScratchRepository,
): Promise<ReadonlyMap<string, Buffer>> {
  const distinct = [...new Set(ids)];
  const contents = new Map<string, Buffer>();
  if (distinct.length === 0) return contents;
  const output = await scratch.inspect(['cat-file', '--batch', '--buffer'], idList(distinct));
  let at = 0;
  for (const id of distinct) {
    const end = output.indexOf('\n', at);
    const header = output.toString('latin1', at, end);
    if (header === `${id} missing`) {
      at = end + 1;
      continue;
    }
    const size = Number(/ (\d+)$/.exec(header)?.[1]);
    if (end < 0 || header !== `${id} ${type} ${size}`) {
      throw unreadable(top, `the object ${id} is not a ${type}`);
    }
    const content = output.subarray(end + 1, end + 1 + size);
    const digest = createHash(hash).update(`${type} ${size}\0`).update(content).digest('hex');
    if (digest !== id) throw unreadable(top, `the ${type} ${id} does not have this hash`);
    contents.set(id, content);
    at = end + 1 + size + 1;
  }
  return contents;
}

/**
 * Reads blobs in batches.
 *
 * @param maxBytes - Larger blobs are omitted, and so are missing ones.
 */
export async function* readBlobs(
  files: readonly Pick<CommitFile, 'id'>[],
  repository: GitRepository,
  scratch: ScratchRepository,
  maxBytes = MAX_BLOB_BYTES,
): AsyncGenerator<ReadonlyMap<string, Buffer>> {
  const sizes = await blobSizes([...new Set(files.map(({ id }) => id))], scratch);
  let batch: string[] = [];
  let total = 0;
  for (const [id, size] of sizes) {
    if (size > maxBytes) continue;
    if (total + size > MAX_BATCH_BYTES && batch.length > 0) {
      yield await readObjects('blob', batch, repository, scratch);
      [batch, total] = [[], 0];
    }
    batch.push(id);
    total += size;
  }
  yield await readObjects('blob', batch, repository, scratch);
}

/** Stores the contents of files, and returns the files that were found (a partial clone may not have all). */
export async function storeBlobs(
  files: readonly CommitFile[],
  repository: GitRepository,
  scratch: ScratchRepository,
): Promise<readonly CommitFile[]> {
  const stored = new Set<string>();
  for await (const blobs of readBlobs(files, repository, scratch)) {
    for (const [id, content] of blobs) {
      await scratch.storeBlob(id, content);
      stored.add(id);
    }
  }
  return files.filter(({ id }) => stored.has(id));
}

async function blobSizes(
  ids: readonly string[],
  scratch: ScratchRepository,
): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const output = await scratch.inspect(['cat-file', '--batch-check', '--buffer'], idList(ids));
  const sizes = new Map<string, number>();
  for (const line of output.toString('latin1').split('\n')) {
    const [id = '', , size] = line.split(' ');
    if (/^\d+$/.test(size ?? '')) sizes.set(id, Number(size));
  }
  return sizes;
}

/** https://git-scm.com/docs/git-cat-file#_batch_output */
function idList(ids: readonly string[]): Buffer {
  return Buffer.from(ids.map((id) => `${id}\n`).join(''));
}
