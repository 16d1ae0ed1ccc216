import { realpath, stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';

import { InvalidInputError } from '../error';
import { bytePath } from './byte-path';
import { isWithin, nearestWorkTree } from './git-location';
import type { GitReader } from './git-reader';
import type { GitRepository } from './git-repository';

export interface SourceFolders {
  /** Absolute: the build context, or the program's folder. */
  readonly folder: string;
  /** Absolute. */
  readonly program: string;
  /** `source.directory`. */
  readonly directory?: string | undefined;
}

export interface SourceRepository {
  readonly repository: GitRepository;
  /** Relative path of a nested repository that contains the folder but is not the source. */
  readonly nested?: string;
  /** Whether a symbolic link in the repository leads to the folder, which is outside. */
  readonly linked?: boolean;
  /** The outermost repository, if `repository` is a submodule of it. */
  readonly outer?: GitRepository;
}

/**
 * Finds the source repository: that of the declared directory, else the nearest one. A repository nested in the
 * program's repository is used only if it is a submodule: otherwise files in the context from elsewhere (an
 * unpacked archive, a dependency) could determine the recorded commit.
 *
 * @returns `undefined` outside of a repository
 * @throws SignedImageError `SOURCE_UNREADABLE`, or `INPUT_INVALID` on `source.directory`
 */
export async function findSourceRepository(
  { folder, program, directory }: SourceFolders,
  env: NodeJS.ProcessEnv,
  git: GitReader,
): Promise<SourceRepository | undefined> {
  if (directory !== undefined) {
    const declared = resolve(program, directory);
    // The nearest repository of a file or of nothing would be another one than what was meant.
    if (!(await isFolder(declared))) {
      throw invalidDirectory(
        "is not a folder that exists; relative paths start at the program's folder",
      );
    }
    const top = await nearestWorkTree(declared, env);
    if (top === undefined) {
      throw invalidDirectory(
        'is not inside a git repository; give a folder of the checkout that is built',
      );
    }
    return { repository: await git.repository(top) };
  }
  const top = await nearestWorkTree(folder, env);
  const own = await nearestWorkTree(program, env);
  if (own !== undefined && (await leavesByLink(folder, own))) {
    return { repository: await git.repository(own), linked: true };
  }
  if (top === undefined) return undefined;
  if (own === undefined || !isWithin(top, own) || top === own) {
    return { repository: await git.repository(top) };
  }
  if (await isSubmoduleOf(top, own, env, git)) {
    return { repository: await git.repository(top), outer: await git.repository(own) };
  }
  return {
    repository: await git.repository(own),
    nested: relative(own, top).replaceAll('\\', '/'),
  };
}

/**
 * Whether a folder's path is in the work tree, and a symbolic link on the way leads out of it. A link in the work
 * tree must not select another repository, or none.
 */
async function leavesByLink(folder: string, own: string): Promise<boolean> {
  const real = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);
  const found = await real(folder);
  if (found === undefined || isWithin(found, own)) return false;
  for (let outer = dirname(folder); outer !== dirname(outer); outer = dirname(outer)) {
    const place = await real(outer);
    if (place !== undefined && isWithin(place, own)) return true;
  }
  return false;
}

/** Whether a work tree is the outermost one, or one of its submodules, recursively. */
async function isSubmoduleOf(
  top: string,
  outermost: string,
  env: NodeJS.ProcessEnv,
  git: GitReader,
): Promise<boolean> {
  let inner = top;
  while (inner !== outermost) {
    const outer = await nearestWorkTree(dirname(inner), env);
    if (outer === undefined || !isWithin(outer, outermost)) return false;
    if (!(await hasSubmodule(await git.repository(outer), inner, git))) return false;
    inner = outer;
  }
  return true;
}

/** Whether the commit of a repository has a submodule in this folder. */
async function hasSubmodule(
  repository: GitRepository,
  folder: string,
  git: GitReader,
): Promise<boolean> {
  const { commit, top } = repository;
  if (commit === undefined) return false;
  const path = bytePath(relative(top, folder));
  const files = await git.files({ ...repository, commit });
  return files.some((file) => file.kind === 'submodule' && file.path === path);
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}

function invalidDirectory(message: string): InvalidInputError {
  return new InvalidInputError([{ property: 'source.directory', code: 'INPUT_INVALID', message }]);
}
