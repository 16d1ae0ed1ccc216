import { access } from 'node:fs/promises';
import { join } from 'node:path';

import type { CommitFile } from './commit-file';
import type { GitRepository } from './git-repository';
import type { ScratchRepository } from './scratch-repository';
import { storeBlobs } from './verified-objects';

const LIST = [
  'ls-files',
  '--others',
  '--exclude-standard',
  '--directory',
  '--no-empty-directory',
  '-z',
];

/**
 * Lists the files of a work tree that are neither in the commit nor ignored by `.gitignore`, `info/exclude` or the
 * user's `core.excludesFile`. A folder without files of the commit is listed as a whole (`name/`).
 *
 * @param absent - Files that a sparse checkout omits: a `.gitignore` among them applies, as in git.
 */
export async function untrackedFiles(
  repository: GitRepository,
  absent: readonly CommitFile[],
  scratch: ScratchRepository,
): Promise<readonly string[]> {
  const { top, commonFolder } = repository;
  await storeIgnoreFiles(repository, absent, scratch);
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

/** git reads an ignore file from the index if it is marked as absent from the work tree. */
async function storeIgnoreFiles(
  repository: GitRepository,
  absent: readonly CommitFile[],
  scratch: ScratchRepository,
): Promise<void> {
  const ignoreFiles = absent.filter(({ path }) => /(?:^|\/)\.gitignore$/.test(path));
  const stored = await storeBlobs(ignoreFiles, repository, scratch);
  if (stored.length === 0) return;
  const input = Buffer.from(stored.map(({ path }) => `${path}\0`).join(''), 'latin1');
  await scratch.git({ args: ['update-index', '--skip-worktree', '-z', '--stdin'], input });
}
