import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename } from 'node:path';

import { messageOf, SignedImageError } from '../error';
import { type Digest, parseDigest } from '../oci/digest';
import { textOfBytes } from './byte-text';
import { type ContextContents, type ContextEntry, fullPath, walkContext } from './context-walk';
import {
  contextIgnoreFile,
  type IgnoreConvention,
  ignoreFileOf,
  namingIgnoreFile,
  readIgnoreRules,
  unusedIgnoreFile,
} from './ignore-file';

export interface ContextHash {
  /** Digest of all files of the context that the build can read. */
  readonly hash: Digest;
  /** Digest of the Dockerfile, which may be outside of the context or ignored in it. */
  readonly dockerfile: Digest;
  /** Warnings about unexpected causes of a changed hash. */
  readonly warnings: readonly string[];
}

export interface ContextPaths {
  readonly context: string;
  readonly dockerfile: string;
  /** Default: `docker`. */
  readonly convention?: IgnoreConvention;
}

/** One hashed entry of the context. */
type Entry =
  | readonly ['folder', path: string]
  | readonly ['file', path: string, mode: string, content: string]
  | readonly ['link', path: string, target: string]
  | readonly ['special', path: string];

/** Number of files that are read concurrently. */
const PARALLEL = 16;

/**
 * Computes the content hash of a build context, which is independent of machine, checkout and time.
 * It covers paths, kinds, contents, link targets (links are not followed), the executable bit, setuid
 * and setgid. It does not cover times, owners and other permissions, which differ between checkouts
 * of one commit. Sockets are omitted, as by docker; other special files are covered by their path.
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
    return {
      hash: await hashEntries(root, entries),
      dockerfile: parseDigest(`sha256:${dockerfile}`),
      warnings: [...warningsOf(entries), ...(await ignoreFileWarnings(paths))],
    };
  } catch (error) {
    if (error instanceof SignedImageError) throw error;
    throw invalid('build.context', `the context ${paths.context} cannot be read`, error);
  }
}

async function hashEntries(root: Buffer, entries: readonly ContextEntry[]): Promise<Digest> {
  const hash = createHash('sha256');
  for (const entry of await readContents(root, entries)) hash.update(`${JSON.stringify(entry)}\n`);
  return digestOfHash(hash);
}

/**
 * Computes the content hash of a named context, to which BuildKit applies its own `.dockerignore`.
 *
 * @throws SignedImageError `BUILD_CONTEXT_INVALID` on `build.contexts`
 */
export async function namedContextHash(name: string, folder: string): Promise<Digest> {
  try {
    const { entries } = await namedContextContents(folder);
    return await hashEntries(await realpath(folder, 'buffer'), entries);
  } catch (error) {
    if (error instanceof SignedImageError) throw error;
    throw invalid('build.contexts', `the context ${name} (${folder}) cannot be read`, error);
  }
}

/** Lists the files of a named context, like `contextContents`. */
export async function namedContextContents(folder: string): Promise<ContextContents> {
  const file = await contextIgnoreFile(folder);
  const rules = await readIgnoreRules(file);
  const root = await realpath(folder, 'buffer');
  return namingIgnoreFile(file, () => walkContext(root, rules));
}

/** Lists the files of a context that a build can read, and those that are ignored. */
export async function contextContents(paths: ContextPaths): Promise<ContextContents> {
  return contentsAt(await realpath(paths.context, 'buffer'), paths);
}

async function contentsAt(root: Buffer, paths: ContextPaths): Promise<ContextContents> {
  const { context, dockerfile, convention } = paths;
  const file = await ignoreFileOf(context, dockerfile, convention);
  const rules = await readIgnoreRules(file);
  return namingIgnoreFile(file, () => walkContext(root, rules));
}

/** `.git` differs between clones of one commit: times, packs, the order in which refs were fetched. */
function warningsOf(entries: readonly ContextEntry[]): readonly string[] {
  if (!entries.some(({ path }) => path === '.git' || path.endsWith('/.git'))) return [];
  return [
    'the build context contains a .git folder, which differs between clones of one commit: the ' +
      'image is rebuilt on every other machine, and its provenance cannot be compared. If the ' +
      'build does not need it, add the line `**/.git` to .dockerignore',
  ];
}

async function ignoreFileWarnings(paths: ContextPaths): Promise<readonly string[]> {
  const unused = await unusedIgnoreFile(paths.context, paths.dockerfile, paths.convention);
  if (unused === undefined) return [];
  return [
    `${basename(unused)} is not used: it is read only if \`build.builder\` is podman or buildah. Rename it to ` +
      '.dockerignore, which every builder reads, or set `build.builder`',
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

/** Formats the mode bits that are hashed: the executable bit, which a checkout sets, and setuid and setgid, which it never sets. */
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
