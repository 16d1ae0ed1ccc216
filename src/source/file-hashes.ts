import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';

/** A file as git would store it without any conversion. */
export interface HashedFile {
  readonly kind: 'file' | 'executable' | 'link' | 'folder' | 'other' | 'missing';
  /** Object id of the content; absent for `folder`, `other` and `missing`. */
  readonly id?: string;
}

export type HashName = 'sha1' | 'sha256';

/** A change within one tick of the file system's clock does not show in its times. */
const SETTLED_MS = 2_000n;

interface Remembered {
  readonly stamp: string;
  readonly file: HashedFile;
}

/**
 * Object ids of files in a work tree, computed from their bytes. Within one process a file is read again
 * only if its inode, size or times differ, or if it had just been changed when it was read: a program
 * cannot set the time of a file's last status change.
 */
export class FileHashes {
  private readonly remembered = new Map<string, Remembered>();

  /** @param path - Absolute, in latin1: one character a byte. */
  async of(path: string, hash: HashName): Promise<HashedFile> {
    const bytes = Buffer.from(path, 'latin1');
    const stats = await lstat(bytes, { bigint: true }).catch(missing);
    if (stats === undefined) return { kind: 'missing' };
    if (stats.isDirectory()) return { kind: 'folder' };
    const key = `${hash} ${path}`;
    const stamp = stampOf(stats);
    const known = this.remembered.get(key);
    if (known?.stamp === stamp) return known.file;
    const readAt = BigInt(Date.now());
    const file = await read(bytes, stats, hash);
    if (stats.ctimeMs + SETTLED_MS < readAt) this.remembered.set(key, { stamp, file });
    else this.remembered.delete(key);
    return file;
  }
}

function stampOf({ dev, ino, size, mode, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mode, mtimeNs, ctimeNs].join(' ');
}

async function read(bytes: Buffer, stats: BigIntStats, hash: HashName): Promise<HashedFile> {
  if (stats.isSymbolicLink()) {
    const target = await readlink(bytes, { encoding: 'buffer' });
    return { kind: 'link', id: blobId(target, hash) };
  }
  // Builders send setuid and setgid, which no checkout sets.
  if (!stats.isFile() || (stats.mode & 0o6000n) !== 0n) return { kind: 'other' };
  const id = await fileId(bytes, Number(stats.size), hash);
  // Without permissions of its own (Windows) no file is executable, and builders send all as executable.
  const isExecutable = process.platform !== 'win32' && (stats.mode & 0o100n) !== 0n;
  return { kind: isExecutable ? 'executable' : 'file', ...(id !== undefined && { id }) };
}

/** https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage */
export function blobId(content: Buffer, hash: HashName): string {
  return createHash(hash).update(`blob ${content.length}\0`).update(content).digest('hex');
}

/** `undefined`: the file changed its size while it was read. */
async function fileId(path: Buffer, size: number, hash: HashName): Promise<string | undefined> {
  const digest = createHash(hash).update(`blob ${size}\0`);
  let length = 0;
  for await (const chunk of createReadStream(path)) {
    digest.update(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  return length === size ? digest.digest('hex') : undefined;
}

function missing(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw error;
}
