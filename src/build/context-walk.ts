import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';

import { textOfBytes } from './byte-text';
import { type FolderMatches, type IgnoreRules } from './ignore';

/** An entry of a context that is sent to the builder. */
export interface ContextEntry {
  /** Relative to the context, with `/`; bytes that are not UTF-8 as in `textOfBytes`. */
  readonly path: string;
  /** The original bytes of the path. */
  readonly bytes: Buffer;
  readonly kind: 'folder' | 'file' | 'link' | 'special';
}

export interface ContextContents {
  /** All entries that are not ignored, in an order that depends only on the paths. */
  readonly entries: readonly ContextEntry[];
  /** Ignored paths, each including everything below it; these paths are not nested. */
  readonly ignored: readonly ContextPath[];
}

export type ContextPath = Pick<ContextEntry, 'path' | 'bytes'>;

/** Lists a context as builders send it. Sockets are omitted, as by docker. */
export async function walkContext(root: Buffer, rules: IgnoreRules): Promise<ContextContents> {
  const entries: ContextEntry[] = [];
  const ignored: ContextPath[] = [];
  const visit = async (folder: ContextPath | undefined, matches?: FolderMatches): Promise<void> => {
    for (const child of await childrenOf(root, folder)) {
      if (child.isSocket()) continue;
      const found = within(folder, child.name);
      const result = rules.match(found.path, matches);
      const before = entries.length;
      if (!result.ignored) entries.push({ ...found, kind: kindOf(child) });
      const [ignoredBefore, isFolder] = [ignored.length, child.isDirectory()];
      if (isFolder && (!result.ignored || rules.hasExceptions)) {
        await visit(found, result.matches);
      }
      if (entries.length === before) {
        ignored.length = ignoredBefore;
        ignored.push(found);
      }
    }
  };
  await visit(undefined);
  return { entries, ignored };
}

async function childrenOf(
  root: Buffer,
  folder: ContextPath | undefined,
): Promise<readonly Dirent<Buffer>[]> {
  const children = await readdir(fullPath(root, folder), {
    withFileTypes: true,
    encoding: 'buffer',
  });
  return children
    .map((child) => ({ child, name: textOfBytes(child.name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ child }) => child);
}

function within(folder: ContextPath | undefined, name: Buffer): ContextPath {
  if (folder === undefined) return { path: textOfBytes(name), bytes: name };
  return {
    path: `${folder.path}/${textOfBytes(name)}`,
    bytes: Buffer.concat([folder.bytes, SLASH, name]),
  };
}

const SLASH = Buffer.from('/');

/** Returns the path of an entry for the file system as bytes. */
export function fullPath(root: Buffer, entry: Pick<ContextEntry, 'bytes'> | undefined): Buffer {
  return entry === undefined ? root : Buffer.concat([root, SLASH, entry.bytes]);
}

function kindOf(child: Dirent<Buffer>): ContextEntry['kind'] {
  if (child.isDirectory()) return 'folder';
  if (child.isFile()) return 'file';
  return child.isSymbolicLink() ? 'link' : 'special';
}
