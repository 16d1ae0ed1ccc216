import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';

/** The kind and object id of a file, as git would store it without any conversion. */
export interface HashedFile {
  readonly kind: 'file' | 'executable' | 'link' | 'folder' | 'other' | 'missing';
  /** Object id of the content; absent for `folder`, `other` and `missing`. */
  readonly id?: string;
}

export type HashName = 'sha1' | 'sha256';

/** A change within one tick of the file system's clock is not visible in the timestamps. */
const CLOCK_TICK_MS = 2_000n;

interface CachedHash {
  readonly stamp: string;
  readonly file: HashedFile;
}

/**
 * Computes object ids of files in a work tree from their bytes, and caches them for the process. A file is read
 * again only if its inode, size or times differ, or if it had just been changed when it was read: programs
 * cannot set the time of a file's last status change (ctime).
 */
export class FileHashes {
  private readonly cache = new Map<string, CachedHash>();

  /** @param path - Absolute byte path. */
  async of(path: string, hash: HashName): Promise<HashedFile> {
    const bytes = Buffer.from(path, 'latin1');
    const stats = await lstat(bytes, { bigint: true }).catch(ignoreMissing);
    if (stats === undefined) return { kind: 'missing' };
    if (stats.isDirectory()) return { kind: 'folder' };
    const key = `${hash} ${path}`;
    const stamp = stampOf(stats);
    const known = this.cache.get(key);
    if (known?.stamp === stamp) return known.file;
    const readAt = BigInt(Date.now());
    const file = await hashFile(bytes, stats, hash);
    if (stats.ctimeMs + CLOCK_TICK_MS < readAt) this.cache.set(key, { stamp, file });
    else this.cache.delete(key);
    return file;
  }
}

function stampOf({ dev, ino, size, mode, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mode, mtimeNs, ctimeNs].join(' ');
}

async function hashFile(bytes: Buffer, stats: BigIntStats, hash: HashName): Promise<HashedFile> {
  if (stats.isSymbolicLink()) {
    const target = await readlink(bytes, { encoding: 'buffer' });
    return { kind: 'link', id: blobId(target, hash) };
  }
  // Builders send setuid and setgid, which a checkout never sets.
  if (!stats.isFile() || (stats.mode & 0o6000n) !== 0n) return { kind: 'other' };
  const id = await blobIdOfFile(bytes, Number(stats.size), hash);
  // On Windows files do not have an executable bit, and builders send all files as executable.
  const isExecutable = process.platform !== 'win32' && (stats.mode & 0o100n) !== 0n;
  return { kind: isExecutable ? 'executable' : 'file', ...(id !== undefined && { id }) };
}

/** https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage */
export function blobId(content: Buffer, hash: HashName): string {
  return createHash(hash).update(`blob ${content.length}\0`).update(content).digest('hex');
}

/** `undefined`: the size of the file changed while it was read. */
async function blobIdOfFile(
  path: Buffer,
  size: number,
  hash: HashName,
): Promise<string | undefined> {
  const digest = createHash(hash).update(`blob ${size}\0`);
  let length = 0;
  for await (const chunk of createReadStream(path)) {
    digest.update(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  return length === size ? digest.digest('hex') : undefined;
}

function ignoreMissing(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw error;
}
