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
  /** A repository that the folder is in and that is not the source, relative to the one that is. */
  readonly nested?: string;
  /** Whether a symbolic link in the repository leads to the folder, which is outside. */
  readonly linked?: boolean;
}

/**
 * The repository that the files are from: that of the declared directory, else the nearest one. A repository
 * inside the program's own is taken only if that has it as a submodule: otherwise anybody who can put files
 * into the context (an unpacked archive, a dependency) could say which commit they are of.
 *
 * @returns `undefined` outside of any repository
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
  if (own === undefined || !isWithin(top, own) || (await isPartOf(top, own, env, git))) {
    return { repository: await git.repository(top) };
  }
  return {
    repository: await git.repository(own),
    nested: relative(own, top).replaceAll('\\', '/'),
  };
}

/**
 * Whether a folder is in the work tree by its path, and elsewhere by a symbolic link on the way: whoever can put a
 * link into the work tree must not choose another repository, or none.
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

/** Whether a work tree is the outer one, or one of its submodules or theirs. */
async function isPartOf(
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
