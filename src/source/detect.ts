import { realpath } from 'node:fs/promises';
import { relative, resolve } from 'node:path';

import { InvalidInputError, messageOf, SignedImageError } from '../error';
import { selfReportedId } from './builder-id';
import type { GithubClaims } from './ci/github-claims';
import { readGithubEvent } from './ci/github-event';
import { detectCi } from './ci/registry';
import { readTeamCityParameters } from './ci/teamcity-parameters';
import type { Change } from './compared-tree';
import type { Detected } from './detected';
import { dirtyTree } from './dirty-tree';
import { type SourceFacts, type SourceOverrides } from './facts';
import type { FilesRead, FolderRead } from './files-read';
import { isWithin } from './git-location';
import { GitReader } from './git-reader';
import { type GitRunner, gitRunner } from './git-runner';
import { mergeFacts } from './merged-facts';
import { validateOverrides } from './overrides';
import { SourceCache } from './source-cache';
import { findSourceRepository, type SourceRepository } from './source-repository';
import { unreadable } from './unreadable';
import { changesOf } from './work-tree-changes';

export interface DetectSourceOptions {
  /** A folder in the work tree: the build's context, or the program's folder. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly overrides?: SourceOverrides;
  /** The program's folder. Default: `cwd`. */
  readonly program?: string;
  /** The files that the build reads. Default: no build. */
  readonly reads?: FilesRead;
  /** Default: no cache. */
  readonly cache?: SourceCache;
  /** Default: the machine's git. */
  readonly run?: GitRunner;
  /** Gets the claims of the job's identity token in GitHub Actions. Default: variables only. */
  readonly claims?: (() => Promise<GithubClaims | undefined>) | undefined;
}

/**
 * Detects the facts of source and build, in order of precedence: declared overrides, the git repository, the CI
 * system. Unknown facts are absent.
 *
 * @throws InvalidInputError on `source.*` for malformed overrides
 * @throws SignedImageError `SOURCE_DIRTY` on `source.allowDirty`, `SOURCE_UNREADABLE` on `source`
 */
export async function detectSource(options: DetectSourceOptions): Promise<SourceFacts> {
  const { env, overrides = {} } = options;
  const problems = validateOverrides(overrides, env);
  if (problems.length > 0) throw new InvalidInputError(problems);

  const git = new GitReader(options.run ?? gitRunner(env), options.cache ?? new SourceCache());
  const warnings: string[] = [];
  const allowed = tolerateUnreadable(overrides, warnings);
  const source = await allowed(() => sourceRepository(options, git));
  const changes = source && (await allowed(() => readChanges(options, source, git)));
  const isDirty = changes && changes.length > 0;
  if (isDirty && overrides.allowDirty !== true) throw dirtyTree(changes, source);

  const remotes = source?.repository.remotes ?? [];
  const { ci, isRequest } = detectCi(env, {
    remotes,
    event: readGithubEvent(env),
    claims: await readClaims(options, warnings),
    teamcity: readTeamCityParameters(env),
  });
  if (ci?.commit !== undefined && overrides.commit === undefined) {
    await allowed(() => requireCommit(source));
  }
  const isUnnamed = ci !== undefined && ci.commit === undefined;
  const namesOfHead = source && isUnnamed ? await allowed(() => ofHead(source, git)) : undefined;
  return mergeFacts({
    namesOfHead,
    declared: overrides,
    ci,
    git: source?.repository,
    path: source && (await pathIn(source.repository.top, options)),
    outer: source?.outer,
    local: localFacts(source),
    dirty: isDirty,
    isRequest,
    warnings,
  });
}

/** The variables have the same facts, so a token that cannot be read does not stop the run. */
async function readClaims(
  { claims }: DetectSourceOptions,
  warnings: string[],
): Promise<GithubClaims | undefined> {
  try {
    return await claims?.();
  } catch (error) {
    warnings.push(
      `the identity token of the job could not be read, so commit, ref and repository are those of its variables: ${messageOf(error)}`,
    );
    return undefined;
  }
}

/** Returns the folder of the build context in the work tree; `undefined` without a build, or outside. */
async function pathIn(
  top: string,
  { cwd, reads }: DetectSourceOptions,
): Promise<string | undefined> {
  const folder = reads && (await realpath(cwd).catch(() => undefined));
  if (folder === undefined || !isWithin(folder, top)) return undefined;
  return relative(top, folder).replaceAll('\\', '/');
}

async function ofHead(
  { repository }: SourceRepository,
  git: GitReader,
): Promise<ReadonlySet<string>> {
  const { commit } = repository;
  return commit === undefined ? new Set() : git.namesAtHead({ ...repository, commit });
}

async function sourceRepository(
  { cwd, program = cwd, env, overrides }: DetectSourceOptions,
  git: GitReader,
): Promise<SourceRepository | undefined> {
  const folders = { folder: resolve(cwd), program: resolve(program) };
  return findSourceRepository({ ...folders, directory: overrides?.directory }, env, git);
}

/** `undefined` before the first commit: there is no commit to compare with. */
async function readChanges(
  { reads }: DetectSourceOptions,
  { repository }: SourceRepository,
  git: GitReader,
): Promise<readonly Change[] | undefined> {
  const { commit } = repository;
  if (commit === undefined) return undefined;
  const resolved = reads && (await withRealPaths(reads));
  return changesOf({ repository: { ...repository, commit }, reads: resolved, git });
}

async function withRealPaths(reads: FilesRead): Promise<FilesRead> {
  const real = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));
  const realFolder = async (folder: FolderRead): Promise<FolderRead> => ({
    context: await real(folder.context),
    hasExceptions: folder.hasExceptions,
    sends: (path) => folder.sends(path),
  });
  const [own, further, others] = await Promise.all([
    realFolder(reads),
    Promise.all(reads.further.map(real)),
    Promise.all((reads.others ?? []).map(realFolder)),
  ]);
  return { ...own, further, others };
}

/** A checkout without refs is indistinguishable from a new repository, which cannot contain the CI system's commit. */
async function requireCommit(source: SourceRepository | undefined): Promise<void> {
  if (!source || source.repository.commit !== undefined) return;
  throw unreadable(
    source.repository.top,
    'HEAD does not have a commit, but the CI system reports one',
  );
}

/** With `allowDirty` an unreadable repository is skipped with a warning. */
function tolerateUnreadable(
  overrides: SourceOverrides,
  warnings: string[],
): <T>(read: () => Promise<T>) => Promise<T | undefined> {
  return async (read) => {
    try {
      return await read();
    } catch (error) {
      const isUnreadable = error instanceof SignedImageError && error.code === 'SOURCE_UNREADABLE';
      if (!isUnreadable || overrides.allowDirty !== true) throw error;
      warnings.push(`${error.message} (it is set)`);
      return undefined;
    }
  };
}

function localFacts(source: SourceRepository | undefined): Detected {
  const system = source ? 'git' : 'none';
  return { builder: { id: selfReportedId(system), system } };
}
