import { access } from 'node:fs/promises';
import { join } from 'node:path';

import type { GitRepository } from './git-repository';
import type { ScratchRepository } from './scratch-repository';

const LIST = [
  'ls-files',
  '--others',
  '--exclude-standard',
  '--directory',
  '--no-empty-directory',
  '-z',
];

/**
 * The files of a work tree that are neither in the commit nor ignored, by `.gitignore`, `info/exclude` or the
 * user's `core.excludesFile`. A folder without any file of the commit is listed as a whole (`name/`).
 */
export async function untrackedFiles(
  { top, commonFolder }: GitRepository,
  scratch: ScratchRepository,
): Promise<readonly string[]> {
  const excludes = join(commonFolder, 'info', 'exclude');
  const hasExcludes = await access(excludes).then(
    () => true,
    () => false,
  );
  const output = await scratch.git({
    args: [...LIST, ...(hasExcludes ? [`--exclude-from=${excludes}`] : [])],
    workTree: top,
    userConfig: true,
  });
  return output
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '');
}
