import { readFile, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { bytePath, toDisplayText } from './byte-path';
import { checkedOutForms } from './checked-out-form';
import type { CommitFile } from './commit-file';
import type { Change, ComparedTree } from './compared-tree';
import { filesOutsideCommit } from './context-files';
import { type HashName, blobId } from './file-hashes';
import type { FilesRead, FolderRead } from './files-read';
import { nearestWorkTree } from './git-location';
import type { CommittedRepository, GitReader } from './git-reader';
import { TrackedFiles, absentFiles } from './tracked-files';
import { unreadable } from './unreadable';
import { untrackedFiles } from './untracked-files';

/** Number of changes for which the cause (line endings) is determined. */
const MAX_EXPLAINED = 5;

export interface Comparison {
  readonly repository: CommittedRepository;
  readonly reads: FilesRead | undefined;
  readonly git: GitReader;
}

/**
 * Returns all differences from the commit. For the whole work tree these are the changes that git would report,
 * because the program that declares the build is part of it. For the files that the build reads these are all
 * differences, including those that git can be configured to hide (`assume-unchanged`, `skip-worktree`, excludes,
 * file modes, line endings, times, submodules, ...). The files are hashed here. The index of the work tree is used
 * only to determine whether a file that the build does not read may be missing (sparse checkouts).
 *
 * @throws SignedImageError `SOURCE_UNREADABLE`
 */
export async function changesOf(comparison: Comparison): Promise<readonly Change[]> {
  const { reads, repository, git } = comparison;
  const compared = await git.cache.trees.run(`${repository.commit} ${repository.top}`, () =>
    compareTree(repository, git, '', []),
  );
  const { tracked, absent, tops, changes } = compared;
  if (!reads) return changes;
  const missing = absent.filter((path) => isRead(reads, path));
  const foreign = await filesOutsideCommit(reads, new Set(tracked), new Set(tops));
  const listed = new Set(changes.map(({ path }) => path));
  const hidden = foreign
    .map((path) => toDisplayPath(path, repository.top))
    .filter((path) => !isListed(path, listed));
  return [
    ...changes.filter(({ kind }) => kind === 'changed'),
    ...missing.map((path) => ({
      path: toDisplayPath(path, repository.top),
      kind: 'changed' as const,
    })),
    ...changes.filter(({ kind }) => kind === 'untracked'),
    ...hidden.map((path) => ({ path, kind: 'hidden' as const })),
  ];
}

/** Whether the build reads this path if it exists. */
function isRead(reads: FilesRead, path: string): boolean {
  if (reads.further.map(bytePath).includes(path)) return true;
  return [reads, ...(reads.others ?? [])].some((each) => isSent(each, path));
}

function isSent({ context, sends }: FolderRead, path: string): boolean {
  const folder = `${bytePath(context).replace(/\/$/, '')}/`;
  return path.startsWith(folder) && sends(path.slice(folder.length));
}

/** Whether a path or one of its parent folders is listed. */
function isListed(path: string, listed: ReadonlySet<string>): boolean {
  const parts = path.replace(/\/$/, '').split('/');
  const folders = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  return folders.some((folder) => listed.has(folder) || listed.has(`${folder}/`));
}

function toDisplayPath(absolute: string, top: string): string {
  const shown = relative(top, toDisplayText(absolute)).replaceAll('\\', '/');
  return absolute.endsWith('/') ? `${shown}/` : shown;
}

/**
 * @param prefix - Path of the submodule in the outermost work tree, with a trailing `/`.
 * @param outer - Top folders of the enclosing work trees.
 */
async function compareTree(
  repository: CommittedRepository,
  git: GitReader,
  prefix: string,
  outer: readonly string[],
): Promise<ComparedTree> {
  const { top } = repository;
  const files = await git.files(repository);
  return git.scratch(repository, async (scratch) => {
    await scratch.storeIndex(files);
    const skipped = await absentFiles(repository, scratch);
    const tree = new TrackedFiles(repository, files, git.cache.hashes);
    const { different, differentContent, missing } = await tree.compare();
    const absent = missing.filter(({ path }) => skipped.has(path));
    // A checkout converts content, and never the kind or the mode of a file.
    const converted = await checkedOutForms(
      differentContent,
      files,
      (file) => tree.absolute(file),
      repository,
      scratch,
    );
    const submodules: ComparedTree[] = [];
    for (const file of files.filter(({ kind }) => kind === 'submodule')) {
      submodules.push(await compareSubmodule(file, repository, git, prefix, [...outer, top]));
    }
    const isChanged = new Set<CommitFile>([...different, ...differentContent, ...missing]);
    for (const file of [...converted, ...absent]) isChanged.delete(file);
    const changed: Change[] = [];
    for (const file of files.filter((each) => isChanged.has(each))) {
      const isLineEndings =
        changed.length < MAX_EXPLAINED &&
        differentContent.includes(file) &&
        (await differsInLineEndings(tree.absolute(file), file, repository.hash));
      changed.push({ path: prefix + toDisplayText(file.path), kind: 'changed', isLineEndings });
    }
    const untracked = (await untrackedFiles(repository, absent, scratch)).map((path) => ({
      path: prefix + path,
      kind: 'untracked' as const,
    }));
    return {
      tracked: [...tree.paths(), ...submodules.flatMap(({ tracked }) => tracked)],
      absent: [
        ...absent.map((file) => tree.absolute(file)),
        ...submodules.flatMap(({ absent: inner }) => inner),
      ],
      tops: [bytePath(top), ...submodules.flatMap(({ tops }) => tops)],
      changes: [...changed, ...untracked, ...submodules.flatMap(({ changes }) => changes)],
    };
  });
}

/** A submodule that is not checked out is an empty folder, as in a fresh clone. */
async function compareSubmodule(
  { path: bytes, id }: CommitFile,
  repository: CommittedRepository,
  git: GitReader,
  prefix: string,
  outer: readonly string[],
): Promise<ComparedTree> {
  const path = toDisplayText(bytes);
  const folder = join(repository.top, path);
  const unchanged: ComparedTree = { tracked: [], absent: [], tops: [], changes: [] };
  const changed: ComparedTree = {
    ...unchanged,
    changes: [{ path: prefix + path, kind: 'changed' }],
  };
  const { kind } = await git.cache.hashes.of(bytePath(folder), repository.hash);
  if (kind !== 'folder') return changed;
  const top = await nearestWorkTree(folder, {});
  if (top !== folder) return (await readdir(folder)).length === 0 ? unchanged : changed;
  if (outer.includes(top)) throw unreadable(top, 'a submodule contains itself');
  const inner = await git.repository(top);
  const { commit } = inner;
  if (commit === undefined || commit !== id) return changed;
  return compareTree({ ...inner, commit }, git, `${prefix}${path}/`, outer);
}

const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Whether a file differs from the commit only by CRLF line endings, as written by `core.autocrlf`.
 *
 * @param path - Absolute, in latin1.
 */
async function differsInLineEndings(
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
    // The file was removed concurrently, which is a difference, too.
    return false;
  }
}
