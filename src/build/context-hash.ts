import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf, SignedImageError } from '../error';
import { type Digest, parseDigest } from '../oci/digest';
import { type IgnoreRules, readIgnoreRules } from './ignore-file';

export interface ContextHash {
  /** Of all that the build sees of the context. */
  readonly hash: Digest;
  /** Of the Dockerfile, which may be outside of the context or ignored in it. */
  readonly dockerfile: Digest;
}

/** One thing in the context. */
type Entry =
  | readonly ['folder', path: string]
  | readonly ['file', path: string, mode: 'x' | '-', content: string]
  | readonly ['link', path: string, target: string]
  | readonly ['special', path: string];

/** How many files are read at once. */
const PARALLEL = 16;

/**
 * The content hash of a build context: the same on every machine, in every checkout, at every time.
 * Counted are paths, kinds, contents, link targets (links are not followed) and whether a file may
 * be executed; not counted are times, owners and further permissions, in which two checkouts of one
 * commit differ. Sockets are left out as docker does; of other special files the path counts.
 *
 * @throws SignedImageError `BUILD_CONTEXT_INVALID` on `build.context` or `build.dockerfile`
 */
export async function contextHash(paths: {
  readonly context: string;
  readonly dockerfile: string;
}): Promise<ContextHash> {
  const dockerfile = await hashFile(paths.dockerfile).catch((error: unknown) => {
    throw invalid('build.dockerfile', `the Dockerfile ${paths.dockerfile} cannot be read`, error);
  });
  try {
    const root = await realpath(paths.context);
    const rules = await readIgnoreRules(root, paths.dockerfile);
    const entries = await readContents(root, await walk(root, '', rules));
    const hash = createHash('sha256');
    for (const entry of entries) hash.update(`${JSON.stringify(entry)}\n`);
    return { hash: digestOfHash(hash), dockerfile: parseDigest(`sha256:${dockerfile}`) };
  } catch (error) {
    throw invalid('build.context', `the context ${paths.context} cannot be read`, error);
  }
}

function invalid(property: string, what: string, cause: unknown): SignedImageError {
  return new SignedImageError({
    code: 'BUILD_CONTEXT_INVALID',
    property,
    message: `${what}: ${messageOf(cause)}`,
    cause,
  });
}

/** An entry that was found, its content still to be read. */
interface Found {
  readonly path: string;
  readonly kind: 'folder' | 'file' | 'link' | 'special';
}

/** Everything that is not ignored, in an order that depends on the paths only. */
async function walk(root: string, folder: string, rules: IgnoreRules): Promise<readonly Found[]> {
  const children = await readdir(join(root, folder), { withFileTypes: true });
  children.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: Found[] = [];
  for (const child of children) {
    if (child.isSocket()) continue;
    const path = folder === '' ? child.name : `${folder}/${child.name}`;
    const ignored = rules.ignores(path);
    if (child.isDirectory()) {
      if (!ignored) found.push({ path, kind: 'folder' });
      if (!ignored || rules.hasExceptions) found.push(...(await walk(root, path, rules)));
    } else if (!ignored) {
      found.push({
        path,
        kind: child.isFile() ? 'file' : child.isSymbolicLink() ? 'link' : 'special',
      });
    }
  }
  return found;
}

async function readContents(root: string, found: readonly Found[]): Promise<readonly Entry[]> {
  const entries = new Array<Entry>(found.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < found.length; at = next++) {
      const item = found[at];
      if (item) entries[at] = await readEntry(root, item);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return entries;
}

async function readEntry(root: string, { path, kind }: Found): Promise<Entry> {
  const full = join(root, path);
  switch (kind) {
    case 'file': {
      const { mode } = await lstat(full);
      return ['file', path, mode & 0o111 ? 'x' : '-', await hashFile(full)];
    }
    case 'link':
      return ['link', path, await readlink(full)];
    case 'folder':
    case 'special':
      return [kind, path];
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function digestOfHash(hash: Hash): Digest {
  return parseDigest(`sha256:${hash.digest('hex')}`);
}
