import { dirname, relative, resolve } from 'node:path';

import { InvalidInputError } from '../error';
import { isWithin, nearestWorkTree } from './git-location';
import { type GitRepository, readRepository } from './git-repository';
import type { GitRunner } from './git-runner';
import { ScratchRepository } from './scratch-repository';

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
  run: GitRunner,
): Promise<SourceRepository | undefined> {
  if (directory !== undefined) {
    const top = await nearestWorkTree(resolve(program, directory), env);
    if (top === undefined) throw notInRepository();
    return { repository: await readRepository(top, run) };
  }
  const top = await nearestWorkTree(folder, env);
  if (top === undefined) return undefined;
  const own = await nearestWorkTree(program, env);
  if (own === undefined || !isWithin(top, own) || (await isPartOf(top, own, env, run))) {
    return { repository: await readRepository(top, run) };
  }
  return {
    repository: await readRepository(own, run),
    nested: relative(own, top).replaceAll('\\', '/'),
  };
}

/** Whether a work tree is the outer one, or one of its submodules or theirs. */
async function isPartOf(
  top: string,
  outermost: string,
  env: NodeJS.ProcessEnv,
  run: GitRunner,
): Promise<boolean> {
  let inner = top;
  while (inner !== outermost) {
    const outer = await nearestWorkTree(dirname(inner), env);
    if (outer === undefined || !isWithin(outer, outermost)) return false;
    if (!(await hasSubmodule(await readRepository(outer, run), inner, run))) return false;
    inner = outer;
  }
  return true;
}

/** Whether the commit of a repository has a submodule in this folder. */
async function hasSubmodule(
  repository: GitRepository,
  folder: string,
  run: GitRunner,
): Promise<boolean> {
  const { commit, top } = repository;
  if (commit === undefined) return false;
  const path = relative(top, folder).replaceAll('\\', '/');
  const entry = await ScratchRepository.use(repository, run, (scratch) =>
    scratch.git({ args: ['ls-tree', '-z', commit, '--', path] }),
  );
  return entry.toString('latin1').startsWith('160000 ');
}

function notInRepository(): InvalidInputError {
  return new InvalidInputError([
    {
      property: 'source.directory',
      code: 'INPUT_INVALID',
      message: 'is not inside a git repository; give a folder of the checkout that is built',
    },
  ]);
}
