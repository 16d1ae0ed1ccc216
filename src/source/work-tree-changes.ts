import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { bytePath, shownText } from './byte-path';
import { checkedOutForms } from './checked-out-form';
import { type CommitFile, filesOfCommit } from './commit-tree';
import { foreignFiles } from './context-files';
import type { FileHashes } from './file-hashes';
import type { FilesRead } from './files-read';
import { nearestWorkTree } from './git-location';
import { type GitRepository, readRepository } from './git-repository';
import type { GitRunner } from './git-runner';
import { ScratchRepository } from './scratch-repository';
import { absentFiles, TrackedFiles } from './tracked-files';
import { unreadable } from './unreadable';
import { untrackedFiles } from './untracked-files';

/** One difference between a work tree and its commit. */
export interface Change {
  /** Relative to the top folder, with `/`; a folder ends with one. */
  readonly path: string;
  /**
   * `changed`: other content, mode or kind, or missing. `untracked`: not in the commit. `hidden`: not in the
   * commit, ignored by git, and yet sent to the builder.
   */
  readonly kind: 'changed' | 'untracked' | 'hidden';
}

export interface Comparison {
  readonly repository: GitRepository & { readonly commit: string };
  readonly reads: FilesRead | undefined;
  readonly hashes: FileHashes;
  readonly run: GitRunner;
}

/** What was found in one work tree and its submodules. */
interface Compared {
  /** Absolute byte paths of everything that the commits have. */
  readonly tracked: readonly string[];
  /** Absolute byte paths of the top folders. */
  readonly tops: readonly string[];
  readonly changes: readonly Change[];
}

/**
 * All that differs from the commit. Of the whole work tree that is what git would report, because the program
 * that declares the build is part of it; and of what the build reads it is every difference, whatever git is
 * configured to hide (`assume-unchanged`, `skip-worktree`, excludes, file modes, line endings, times,
 * submodules, ...). The files are hashed here. The index of the work tree decides nothing but whether a file
 * that the build does not read may be missing (sparse checkouts).
 *
 * @throws SignedImageError `SOURCE_UNREADABLE`
 */
export async function changesOf(comparison: Comparison): Promise<readonly Change[]> {
  const { reads, repository } = comparison;
  const { tracked, tops, changes } = await compareTree(comparison, '', []);
  const foreign = reads ? await foreignFiles(reads, new Set(tracked), new Set(tops)) : [];
  const listed = new Set(changes.map(({ path }) => path));
  const hidden = foreign
    .map((path) => shownPath(path, repository.top))
    .filter((path) => !isListed(path, listed));
  return [
    ...changes.filter(({ kind }) => kind === 'changed'),
    ...changes.filter(({ kind }) => kind === 'untracked'),
    ...hidden.map((path) => ({ path, kind: 'hidden' as const })),
  ];
}

/** Whether a path is listed, or a folder that it is in. */
function isListed(path: string, listed: ReadonlySet<string>): boolean {
  const parts = path.replace(/\/$/, '').split('/');
  const folders = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  return folders.some((folder) => listed.has(folder) || listed.has(`${folder}/`));
}

function shownPath(absolute: string, top: string): string {
  const shown = relative(top, shownText(absolute)).replaceAll('\\', '/');
  return absolute.endsWith('/') ? `${shown}/` : shown;
}

/**
 * @param prefix - Path of the submodule in the outermost work tree, ended by `/`.
 * @param outer - Top folders of the work trees around it.
 */
async function compareTree(
  comparison: Comparison,
  prefix: string,
  outer: readonly string[],
): Promise<Compared> {
  const { repository, run } = comparison;
  const { top } = repository;
  return ScratchRepository.use(repository, run, async (scratch) => {
    const files = await filesOfCommit(repository, scratch);
    await scratch.storeIndex(files);
    const tree = new TrackedFiles(comparison, files, await absentFiles(repository, scratch));
    const different = await tree.different();
    const converted = await checkedOutForms(
      different.filter((file) => tree.hasOtherContent(file)),
      files,
      (file) => tree.absolute(file),
      repository,
      scratch,
    );
    const submodules: Compared[] = [];
    for (const file of files.filter(({ kind }) => kind === 'submodule')) {
      submodules.push(await compareSubmodule(file, comparison, prefix, [...outer, top]));
    }
    const changed = different
      .filter((file) => !converted.has(file))
      .map(({ path }) => ({ path: prefix + shownText(path), kind: 'changed' as const }));
    const untracked = (await untrackedFiles(repository, scratch)).map((path) => ({
      path: prefix + path,
      kind: 'untracked' as const,
    }));
    return {
      tracked: [...tree.paths(), ...submodules.flatMap(({ tracked }) => tracked)],
      tops: [bytePath(top), ...submodules.flatMap(({ tops }) => tops)],
      changes: [...changed, ...untracked, ...submodules.flatMap(({ changes }) => changes)],
    };
  });
}

/** A submodule that is not checked out is an empty folder, in a fresh clone too. */
async function compareSubmodule(
  { path: bytes, id }: CommitFile,
  comparison: Comparison,
  prefix: string,
  outer: readonly string[],
): Promise<Compared> {
  const { repository, hashes, run } = comparison;
  const path = shownText(bytes);
  const folder = join(repository.top, path);
  const unchanged: Compared = { tracked: [], tops: [], changes: [] };
  const changed: Compared = { ...unchanged, changes: [{ path: prefix + path, kind: 'changed' }] };
  const { kind } = await hashes.of(bytePath(folder), repository.hash);
  if (kind !== 'folder') return changed;
  const top = await nearestWorkTree(folder, {});
  if (top !== folder) return (await readdir(folder)).length === 0 ? unchanged : changed;
  if (outer.includes(top)) throw unreadable(top, 'a submodule contains itself');
  const inner = await readRepository(top, run);
  const { commit } = inner;
  if (commit === undefined || commit !== id) return changed;
  const nested = { ...comparison, repository: { ...inner, commit } };
  return compareTree(nested, `${prefix}${path}/`, outer);
}
