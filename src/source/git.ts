import { SignedImageError } from '../error';
import { present } from './detected';
import type { GitOutput, GitRunner } from './git-runner';

/** What git says of the work tree that a folder is in. */
export interface GitFacts {
  /** Absent before the first commit. */
  readonly commit?: string;
  /** Absent where HEAD is detached. */
  readonly branch?: string;
  /** The URL of `origin` as git has it: it may hold credentials. */
  readonly repository?: string;
  /** What differs from the commit; absent where there is no commit to differ from. */
  readonly changes?: readonly string[];
}

/**
 * Reads the work tree. The whole tree counts, not the folder alone: the program that declares the
 * build's arguments and target is an instruction of the build too.
 *
 * @returns `undefined` without git, or outside of any work tree
 * @throws SignedImageError `SOURCE_UNREADABLE` where there is one that git will not read
 */
export async function readGit(cwd: string, run: GitRunner): Promise<GitFacts | undefined> {
  const inside = await run(['rev-parse', '--is-inside-work-tree'], cwd);
  if (inside === undefined) return undefined;
  if (inside.code !== 0) {
    if (/not a git repository/i.test(inside.stderr)) return undefined;
    throw unreadable(cwd, inside);
  }
  // A bare repository, or the inside of `.git`.
  if (inside.stdout.trim() !== 'true') return undefined;

  const ask = async (...args: string[]): Promise<string | undefined> => {
    const answer = await run(args, cwd);
    const text = answer?.code === 0 ? answer.stdout.trim() : '';
    return text === '' ? undefined : text;
  };
  const commit = await ask('rev-parse', '--verify', '--quiet', 'HEAD^{commit}');
  return present({
    commit,
    branch: await ask('symbolic-ref', '--short', '--quiet', 'HEAD'),
    repository: await ask('remote', 'get-url', 'origin'),
    changes: commit === undefined ? undefined : await readChanges(cwd, run),
  });
}

async function readChanges(cwd: string, run: GitRunner): Promise<readonly string[]> {
  const status = await run(['status', '--porcelain=v1', '-z', '--untracked-files=normal'], cwd);
  if (status?.code !== 0) throw unreadable(cwd, status);
  return parseStatus(status.stdout);
}

/** https://git-scm.com/docs/git-status#_porcelain_format_version_1, `-z`: `XY path NUL [from NUL]`. */
export function parseStatus(porcelain: string): readonly string[] {
  const fields = porcelain.split('\0').filter((field) => field !== '');
  const paths: string[] = [];
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] ?? '';
    paths.push(field.slice(3));
    // A rename or copy is followed by the path that it came from.
    if (/[RC]/.test(field.slice(0, 2))) i++;
  }
  return paths;
}

function unreadable(cwd: string, answer: GitOutput | undefined): SignedImageError {
  const said = (answer?.stderr ?? '').trim().split('\n', 1)[0] ?? '';
  const owner = /dubious ownership/i.test(answer?.stderr ?? '');
  const remedy = owner
    ? `the checkout belongs to another user: run \`git config --global --add safe.directory <its top folder>\``
    : 'repair the checkout';
  return new SignedImageError({
    code: 'SOURCE_UNREADABLE',
    property: 'source',
    message:
      `git cannot read the work tree of ${cwd}${said && ` (${said})`}, so nobody knows whether it differs ` +
      `from the commit; ${remedy}, or set source.allowDirty to sign without knowing`,
  });
}
