import { InvalidInputError, SignedImageError } from '../error';
import { selfReportedId } from './builder-id';
import { type Detected, present } from './detected';
import { type SourceFacts, type SourceOverrides } from './facts';
import { type GitFacts, readGit } from './git';
import { type GitRunner, gitRunner } from './git-runner';
import { detectGithubActions } from './github-actions';
import { detectGitlabCi } from './gitlab-ci';
import { detectJenkins } from './jenkins';
import { isBranch, isCommit, validateOverrides } from './overrides';
import { cleanRepositoryUrl } from './repository-url';

export interface DetectSourceOptions {
  /** The folder whose work tree is asked: the build's context, or the program's folder. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly overrides?: SourceOverrides;
  /** Default: the machine's git. */
  readonly run?: GitRunner;
}

/** A CI system speaks before git: its checkout has a detached HEAD and often no usable remote. */
const CI_SYSTEMS = [detectGithubActions, detectGitlabCi, detectJenkins];

const SHOWN_CHANGES = 5;

/**
 * Finds out where source and build come from: what was declared, else what the CI system says, else
 * what git says. A fact that nobody knows is absent.
 *
 * @throws InvalidInputError on `source.*` for malformed overrides
 * @throws SignedImageError `SOURCE_DIRTY` on `source.allowDirty`, `SOURCE_UNREADABLE` on `source`
 */
export async function detectSource(options: DetectSourceOptions): Promise<SourceFacts> {
  const { cwd, env, overrides = {} } = options;
  const problems = validateOverrides(overrides, env);
  if (problems.length > 0) throw new InvalidInputError(problems);

  const git = await lookAtWorkTree(
    cwd,
    options.run ?? gitRunner(env),
    overrides.allowDirty === true,
  );
  const dirty = git?.changes && git.changes.length > 0;
  if (dirty && overrides.allowDirty !== true) throw dirtyTree(git.changes);

  const ci = CI_SYSTEMS.map((detect) => detect(env)).find((found) => found !== undefined);
  return merge(overrides, ci ?? ofGit(git), git, dirty);
}

/** With `allowDirty` a tree that cannot be read is a tree that nobody looked at. */
async function lookAtWorkTree(
  cwd: string,
  run: GitRunner,
  allowDirty: boolean,
): Promise<GitFacts | undefined> {
  try {
    return await readGit(cwd, run);
  } catch (error) {
    const unreadable = error instanceof SignedImageError && error.code === 'SOURCE_UNREADABLE';
    if (unreadable && allowDirty) return undefined;
    throw error;
  }
}

function ofGit(git: GitFacts | undefined): Detected {
  const system = git ? 'git' : 'none';
  return { builder: { id: selfReportedId(system), system } };
}

function merge(
  declared: SourceOverrides,
  detected: Detected,
  git: GitFacts | undefined,
  dirty: boolean | undefined,
): SourceFacts {
  const commit = declared.commit ?? wellFormed(detected.commit, isCommit) ?? git?.commit;
  const repository = declared.repository ?? detected.repository ?? git?.repository;
  const invocation = detected.builder.invocation && cleanRepositoryUrl(detected.builder.invocation);
  return present({
    commit: commit?.toLowerCase(),
    branch: declared.branch ?? wellFormed(detected.branch, isBranch) ?? git?.branch,
    repository: repository && cleanRepositoryUrl(repository),
    dirty,
    builder: present({
      ...detected.builder,
      id: declared.builder ?? detected.builder.id,
      invocation,
    }),
    warnings: warningsOf(declared, detected, git),
  });
}

function wellFormed(text: string | undefined, test: (text: string) => boolean): string | undefined {
  return text !== undefined && test(text) ? text : undefined;
}

/** What a person should know although it stops nothing. */
function warningsOf(
  declared: SourceOverrides,
  detected: Detected,
  git: GitFacts | undefined,
): readonly string[] | undefined {
  if (declared.commit !== undefined || detected.commit === undefined) return undefined;
  if (!isCommit(detected.commit)) {
    return [`the CI system's commit is not a commit id and was left out; set source.commit`];
  }
  if (git?.commit === undefined || git.commit === detected.commit.toLowerCase()) return undefined;
  return [
    `the CI system says commit ${detected.commit}, the work tree is at ${git.commit}; ` +
      `the CI system's is recorded, set source.commit if that is wrong`,
  ];
}

function dirtyTree(changes: readonly string[]): SignedImageError {
  const shown = changes.slice(0, SHOWN_CHANGES).map((path) => JSON.stringify(path));
  const more = changes.length - shown.length;
  return new SignedImageError({
    code: 'SOURCE_DIRTY',
    property: 'source.allowDirty',
    message:
      `the work tree differs from its commit, so the commit would not tell what was built: ` +
      `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}; ` +
      `commit (or ignore) these, or set source.allowDirty, which is then recorded`,
  });
}
