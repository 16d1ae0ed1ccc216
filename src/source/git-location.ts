import { lstat, realpath } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join, resolve, sep } from 'node:path';

/**
 * Returns the nearest folder at or above the given one that contains a `.git`: a folder, a file that refers to
 * one (submodules, linked work trees), or an invalid one. Only this determines whether there is a repository.
 * git itself skips a `.git` that it cannot read, accepts ordinary files as a bare repository, and stops at file
 * system boundaries.
 *
 * @returns An absolute path without symbolic links.
 */
export async function nearestWorkTree(
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const start = await realpath(folder).catch(() => undefined);
  if (start === undefined) return undefined;
  const ceilings = await readCeilings(env);
  for (let current = start; ; current = dirname(current)) {
    if (current !== start && ceilings.has(current)) return undefined;
    if (await exists(join(current, '.git'))) return current;
    if (dirname(current) === current) return undefined;
  }
}

/** https://git-scm.com/docs/git#Documentation/git.txt-GITCEILINGDIRECTORIES */
async function readCeilings(env: NodeJS.ProcessEnv): Promise<ReadonlySet<string>> {
  const declared = (env['GIT_CEILING_DIRECTORIES'] ?? '').split(delimiter).filter(isAbsolute);
  const resolved = declared.map((folder) => realpath(folder).catch(() => resolve(folder)));
  return new Set(await Promise.all(resolved));
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A path that cannot be accessed (EACCES) may be a repository.
    return code !== 'ENOENT' && code !== 'ENOTDIR';
  }
}

/** Whether a path is a folder or inside of it; both absolute and without symbolic links. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
