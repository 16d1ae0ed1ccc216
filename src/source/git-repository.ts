import type { GitRemote } from './detected';
import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { omitUndefined } from './detected';
import type { GitOutput, GitRunner } from './git-runner';
import { unreadable } from './unreadable';

/** The repository of one work tree, without its files. */
export interface GitRepository {
  /** Top folder of the work tree: absolute, without symbolic links. */
  readonly top: string;
  /** Absolute; for a linked work tree its own folder in the main repository. */
  readonly gitFolder: string;
  /** Absolute; where the objects are. */
  readonly commonFolder: string;
  readonly hash: 'sha1' | 'sha256';
  /** Absent before the first commit. */
  readonly commit?: string;
  /** Absent if HEAD is detached. */
  readonly branch?: string;
  readonly remotes: readonly GitRemote[];
}

/**
 * Reads the repository of a work tree. Only commands run in it that do not start other programs, regardless
 * of the repository's configuration; its index and files are read by `ScratchRepository`.
 *
 * @param top - A folder that contains a `.git`.
 * @throws SignedImageError `SOURCE_UNREADABLE`
 */
export async function readRepository(top: string, run: GitRunner): Promise<GitRepository> {
  const fields = toLines(
    await runGit(top, run, [
      'rev-parse',
      '--show-toplevel',
      '--absolute-git-dir',
      '--git-common-dir',
      '--show-object-format',
    ]),
  );
  const [toplevel = '', gitFolder = '', commonFolder = '', hash = ''] = fields;
  const found = await realpath(toplevel).catch(() => toplevel);
  if (found !== top) {
    // Either git skipped an invalid `.git`, or `core.worktree` is another folder.
    const reason = `git finds the work tree ${found} instead`;
    throw unreadable(top, reason, 'repair or remove its .git, or its `core.worktree`');
  }
  if (!(await isGitFolderOf(top, gitFolder))) {
    throw unreadable(
      top,
      `git reads ${gitFolder} instead of its .git`,
      'repair or remove its .git',
    );
  }
  if (fields.length !== 4 || (hash !== 'sha1' && hash !== 'sha256')) {
    throw unreadable(
      top,
      `the object format ${JSON.stringify(hash)} is not supported`,
      'use git 2.25 or later',
    );
  }
  return omitUndefined({
    top,
    gitFolder,
    commonFolder: resolve(top, commonFolder),
    hash,
    commit: await readHead(top, run),
    branch: await runOptional(top, run, ['symbolic-ref', '--short', '--quiet', 'HEAD']),
    remotes: await readRemotes(top, run),
  }) as GitRepository;
}

/**
 * Whether git reads the `.git` of this folder. git skips one that it cannot read, and versions without
 * `safe.bareRepository` accept a folder with the files of a bare repository instead.
 */
async function isGitFolderOf(top: string, gitFolder: string): Promise<boolean> {
  const own = join(top, '.git');
  const text = await readFile(own, 'utf8').catch(() => undefined);
  // A submodule or linked work tree: https://git-scm.com/docs/gitrepository-layout
  const target = text === undefined ? own : resolve(top, text.replace(/^gitdir: /, '').trimEnd());
  const [named, found] = await Promise.all(
    [target, gitFolder].map((path) => realpath(path).catch(() => undefined)),
  );
  return named !== undefined && named === found;
}

async function readHead(top: string, run: GitRunner): Promise<string | undefined> {
  const commit = await runOptional(top, run, ['rev-parse', '--verify', '--quiet', 'HEAD']);
  if (commit !== undefined) return commit.toLowerCase();
  // Before the first commit HEAD is a symbolic ref; otherwise it is invalid.
  const unborn = await runOptional(top, run, ['symbolic-ref', '--quiet', 'HEAD']);
  if (unborn === undefined) throw unreadable(top, 'HEAD is not valid');
  return undefined;
}

/**
 * The names of branches (without their remotes) and tags that are at HEAD.
 *
 * @throws SignedImageError `SOURCE_UNREADABLE`
 */
export async function namesAtHead(
  { top, remotes }: GitRepository,
  run: GitRunner,
): Promise<ReadonlySet<string>> {
  const starts = [
    'refs/heads/',
    'refs/tags/',
    ...remotes.map(({ name }) => `refs/remotes/${name}/`),
  ];
  const args = ['for-each-ref', '--points-at=HEAD', '--format=%(refname)'];
  const refs = toLines(await runGit(top, run, args));
  const names = refs.flatMap((ref) =>
    starts.filter((start) => ref.startsWith(start)).map((start) => ref.slice(start.length)),
  );
  return new Set(names);
}

/** One line for each remote and direction: `name TAB url (fetch)`, and the filter of a partial clone. */
const FETCH_LINE = /^([^\t]+)\t(.+) \(fetch\)(?: \[[^\]]*\])?$/;

/** Reads all remotes with one git process. */
async function readRemotes(top: string, run: GitRunner): Promise<readonly GitRemote[]> {
  return toLines(await runGit(top, run, ['remote', '--verbose'])).flatMap((line) => {
    const [, name, url] = FETCH_LINE.exec(line) ?? [];
    return name === undefined || url === undefined ? [] : [{ name, url }];
  });
}

function toLines(output: GitOutput): readonly string[] {
  return output.stdout
    .toString('utf8')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '');
}

/** Returns the output; `undefined` if git exits with a code that means "not found". */
async function runOptional(
  top: string,
  run: GitRunner,
  args: readonly string[],
): Promise<string | undefined> {
  const output = await run({ args, cwd: top });
  const text = output?.code === 0 ? output.stdout.toString('utf8').trim() : '';
  return text === '' ? undefined : text;
}

/** @throws SignedImageError `SOURCE_UNREADABLE` with git's message and the remedy */
async function runGit(top: string, run: GitRunner, args: readonly string[]): Promise<GitOutput> {
  const output = await run({ args, cwd: top });
  if (output === undefined) {
    throw unreadable(top, 'git is not installed', 'install git and add it to the PATH');
  }
  if (output.code === 0) return output;
  const isForeign = /dubious ownership/i.test(output.stderr);
  throw unreadable(
    top,
    firstLine(output.stderr),
    isForeign
      ? `the checkout belongs to another user: run \`git config --global --add safe.directory ${top}\``
      : undefined,
  );
}

export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
