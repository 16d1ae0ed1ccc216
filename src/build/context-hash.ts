import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename } from 'node:path';

import { messageOf, SignedImageError } from '../error';
import { type Digest, parseDigest } from '../oci/digest';
import { textOfBytes } from './byte-text';
import { type ContextContents, type ContextEntry, fullPath, walkContext } from './context-walk';
import {
  type IgnoreConvention,
  ignoreFileOf,
  namingIgnoreFile,
  readIgnoreRules,
  unusedIgnoreFile,
} from './ignore-file';

export interface ContextHash {
  /** Of all that the build sees of the context. */
  readonly hash: Digest;
  /** Of the Dockerfile, which may be outside of the context or ignored in it. */
  readonly dockerfile: Digest;
  /** What makes the hash differ where nobody expects it. */
  readonly warnings: readonly string[];
}

export interface ContextPaths {
  readonly context: string;
  readonly dockerfile: string;
  /** Default: `docker`. */
  readonly convention?: IgnoreConvention;
}

/** One thing in the context. */
type Entry =
  | readonly ['folder', path: string]
  | readonly ['file', path: string, mode: string, content: string]
  | readonly ['link', path: string, target: string]
  | readonly ['special', path: string];

/** How many files are read at once. */
const PARALLEL = 16;

/**
 * The content hash of a build context: the same on every machine, in every checkout, at every time.
 * Counted are paths, kinds, contents, link targets (links are not followed) and whether a file may
 * be executed, and as its owner or group (setuid, setgid); not counted are times, owners and further
 * permissions, in which two checkouts of one commit differ. Sockets are left out as docker does; of other special files the path counts.
 *
 * @throws SignedImageError `BUILD_CONTEXT_INVALID` on `build.context` or `build.dockerfile`
 */
export async function contextHash(paths: ContextPaths): Promise<ContextHash> {
  const dockerfile = await hashFile(paths.dockerfile).catch((error: unknown) => {
    throw invalid('build.dockerfile', `the Dockerfile ${paths.dockerfile} cannot be read`, error);
  });
  try {
    const root = await realpath(paths.context, 'buffer');
    const { entries } = await contentsAt(root, paths);
    const hash = createHash('sha256');
    for (const entry of await readContents(root, entries)) {
      hash.update(`${JSON.stringify(entry)}\n`);
    }
    return {
      hash: digestOfHash(hash),
      dockerfile: parseDigest(`sha256:${dockerfile}`),
      warnings: [...warningsOf(entries), ...(await ignoreFileWarnings(paths))],
    };
  } catch (error) {
    if (error instanceof SignedImageError) throw error;
    throw invalid('build.context', `the context ${paths.context} cannot be read`, error);
  }
}

/** What a build sees of a context, and what it does not. */
export async function contextContents(paths: ContextPaths): Promise<ContextContents> {
  return contentsAt(await realpath(paths.context, 'buffer'), paths);
}

async function contentsAt(root: Buffer, paths: ContextPaths): Promise<ContextContents> {
  const { context, dockerfile, convention } = paths;
  const file = await ignoreFileOf(context, dockerfile, convention);
  const rules = await readIgnoreRules(file);
  return namingIgnoreFile(file, () => walkContext(root, rules));
}

/** Two clones of one commit differ in it: times, packs, the order in which refs were fetched. */
function warningsOf(entries: readonly ContextEntry[]): readonly string[] {
  if (!entries.some(({ path }) => path === '.git' || path.endsWith('/.git'))) return [];
  return [
    'the build context contains a .git folder, which differs between clones of one commit: the ' +
      'image is built again on every other machine, and its provenance cannot be compared. If the ' +
      'build does not need it, add a line `**/.git` to .dockerignore',
  ];
}

async function ignoreFileWarnings(paths: ContextPaths): Promise<readonly string[]> {
  const unused = await unusedIgnoreFile(paths.context, paths.dockerfile, paths.convention);
  if (unused === undefined) return [];
  return [
    `${basename(unused)} is not used: it counts only if \`build.builder\` is podman or buildah. Rename it to ` +
      '.dockerignore, which every builder reads, or name the builder',
  ];
}

function invalid(property: string, what: string, cause: unknown): SignedImageError {
  return new SignedImageError({
    code: 'BUILD_CONTEXT_INVALID',
    property,
    message: `${what}: ${messageOf(cause)}`,
    cause,
  });
}

async function readContents(
  root: Buffer,
  found: readonly ContextEntry[],
): Promise<readonly Entry[]> {
  const entries = new Array<Entry>(found.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < found.length; at = next++) {
      const item = found[at];
      if (item) entries[at] = await readEntry(fullPath(root, item), item);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return entries;
}

async function readEntry(full: Buffer, { path, kind }: ContextEntry): Promise<Entry> {
  switch (kind) {
    case 'file': {
      const { mode } = await lstat(full);
      return ['file', path, shownMode(mode), await hashFile(full)];
    }
    case 'link':
      return ['link', path, textOfBytes(await readlink(full, 'buffer'))];
    case 'folder':
    case 'special':
      return [kind, path];
  }
}

/** What a checkout decides, and what it never sets: the bits by which a program runs as its owner or group. */
function shownMode(mode: number): string {
  const special = mode & 0o6000;
  return (mode & 0o111 ? 'x' : '-') + (special === 0 ? '' : special.toString(8));
}

async function hashFile(path: string | Buffer): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function digestOfHash(hash: Hash): Digest {
  return parseDigest(`sha256:${hash.digest('hex')}`);
}
