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
    const top = await nearestWorkTree(resolve(program, directory), env);
    if (top === undefined) throw notInRepository();
    return { repository: await git.repository(top) };
  }
  const top = await nearestWorkTree(folder, env);
  if (top === undefined) return undefined;
  const own = await nearestWorkTree(program, env);
  if (own === undefined || !isWithin(top, own) || (await isSubmoduleOf(top, own, env, git))) {
    return { repository: await git.repository(top) };
  }
  return {
    repository: await git.repository(own),
    nested: relative(own, top).replaceAll('\\', '/'),
  };
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

function notInRepository(): InvalidInputError {
  return new InvalidInputError([
    {
      property: 'source.directory',
      code: 'INPUT_INVALID',
      message: 'is not inside a git repository; set it to a folder of the checkout that is built',
    },
  ]);
}
