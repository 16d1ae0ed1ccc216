import { relative } from 'node:path';

import { InvalidInputError } from '../error';
import { type Detected, omitUndefined } from './detected';
import type { SourceFacts, SourceOverrides } from './facts';
import type { GitRepository } from './git-repository';
import { isCommit, isFullRef, isRefName } from './overrides';
import { cleanRepositoryUrl } from './repository-url';
import { encodedPath } from './uri';
import { vcsLocation } from './vcs-location';

export interface FactSources {
  readonly declared: SourceOverrides;
  /** Absent if a CI system was not detected. */
  readonly ci: Detected | undefined;
  /** Absent if there is no repository, or it was not read. */
  readonly git: GitRepository | undefined;
  /** The builder if a CI system was not detected. */
  readonly local: Detected;
  readonly dirty: boolean | undefined;
  /** Folder of the build context in the repository. */
  readonly path?: string | undefined;
  /** The outermost repository, if that of `git` is a submodule of it. */
  readonly outer?: GitRepository | undefined;
  /** Whether variables of a system that is not known otherwise say that a request is built. */
  readonly isRequest: boolean;
  /**
   * Names of branches and tags at the work tree's HEAD, where a CI system names one and no commit: the
   * work tree may be another one than the CI system's.
   */
  readonly namesOfHead?: ReadonlySet<string> | undefined;
  readonly warnings: readonly string[];
}

/**
 * Merges the facts of one commit: the declared one, else the work tree's HEAD (which is what is built), else the
 * CI system's. Facts that the CI system reports for another commit are omitted.
 *
 * @throws InvalidInputError on `source.ref` if the CI system reports facts that contradict each other
 */
export function mergeFacts(sources: FactSources): SourceFacts {
  const { declared, ci, git, local, dirty } = sources;
  const detected = ci ?? local;
  const reported = detected.commit?.toLowerCase();
  const ofCi = reported !== undefined && isCommit(reported) ? reported : undefined;
  const commit = declared.commit?.toLowerCase() ?? git?.commit ?? ofCi;
  const agrees = reported === undefined || (ofCi !== undefined && ofCi === commit);
  const facts: Partial<Detected> = agrees ? aboutCommit(detected, sources) : {};
  const repository = declared.repository ?? facts.repository ?? originOf(git);
  const { invocation } = detected.builder;
  const warnings = [...sources.warnings, ...warningsOf(sources, commit, agrees)];
  return omitUndefined({
    commit,
    ...refFacts(sources, facts, agrees && git?.commit === commit),
    repository: repository && cleanRepositoryUrl(repository),
    path: sources.path === '' ? undefined : sources.path,
    superproject: superprojectOf(sources),
    headRepository: facts.headRepository && cleanHead(facts.headRepository),
    dirty,
    builder: omitUndefined({
      ...detected.builder,
      id: declared.builder ?? detected.builder.id,
      invocation: invocation && cleanRepositoryUrl(invocation),
    }),
    warnings: warnings.length > 0 ? warnings : undefined,
  });
}

/** In a request the names of branches are those of the head, which may be anybody's. */
function aboutCommit(
  detected: Detected,
  { isRequest, namesOfHead }: FactSources,
): Partial<Detected> {
  const { branch, tag, ...rest } = detected;
  const isOfHead = (name: string | undefined): boolean =>
    name !== undefined && namesOfHead?.has(name) !== false;
  const isKnown = !isRequest || detected.isRequest === true;
  return omitUndefined({
    ...rest,
    branch: isKnown && isOfHead(branch) ? branch : undefined,
    tag: isOfHead(tag) ? tag : undefined,
  }) as Partial<Detected>;
}

/** Returns the location of the submodule in the outermost repository, if that has a remote and a commit. */
function superprojectOf({ git, outer }: FactSources): string | undefined {
  const origin = originOf(outer);
  const address = origin && cleanRepositoryUrl(origin);
  if (!git || !outer?.commit || !address) return undefined;
  const location = vcsLocation(address, outer.commit);
  return (
    location && `${location}#${encodedPath(relative(outer.top, git.top).replaceAll('\\', '/'))}`
  );
}

function originOf(git: GitRepository | undefined): string | undefined {
  const remotes = git?.remotes ?? [];
  const only = remotes.length === 1 ? remotes[0] : undefined;
  return (remotes.find(({ name }) => name === 'origin') ?? only)?.url;
}

/** A URL without credentials, or a name such as `owner/name`. */
function cleanHead(text: string): string | undefined {
  return cleanRepositoryUrl(text) ?? (/^[\w.-]+(?:\/[\w.-]+)*$/.test(text) ? text : undefined);
}

/** @param isHead - Whether the facts refer to the work tree's HEAD, so that its branch is valid. */
function refFacts(
  { declared, ci, git, isRequest }: FactSources,
  facts: Partial<Detected>,
  isHead: boolean,
): Pick<SourceFacts, 'branch' | 'tag' | 'ref'> {
  // A declared ref is for the same commit; detected names may not be.
  const known = declared.ref === undefined ? facts : {};
  const tag = declared.tag ?? namedBy(declared.ref, 'tags') ?? validated(known.tag, isRefName);
  if (declared.branch === undefined && declared.tag === undefined) refuseContradiction(known);
  // In a request a fork's branch may be checked out under any name, and a build of a tag does not have a branch.
  const isOnBranch =
    isHead &&
    !isRequest &&
    declared.ref === undefined &&
    ci?.isRequest !== true &&
    tag === undefined;
  const branch =
    declared.branch ??
    namedBy(declared.ref, 'heads') ??
    validated(known.branch, isRefName) ??
    (isOnBranch ? validated(git?.branch, isRefName) : undefined);
  const isDeclared = declared.branch !== undefined || declared.tag !== undefined;
  const ref = declared.ref ?? (isDeclared ? undefined : validated(facts.ref, isFullRef));
  const isRedundant = ref === `refs/heads/${branch}` || ref === `refs/tags/${tag}`;
  return { branch, tag, ref: isRedundant ? undefined : ref } as Pick<
    SourceFacts,
    'branch' | 'tag' | 'ref'
  >;
}

/**
 * Annotations and provenance would record both. A CI system sets its variables together, so one of them was changed.
 *
 * @throws InvalidInputError on `source.ref`
 */
function refuseContradiction({ branch, tag, ref }: Partial<Detected>): void {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref ?? '') ?? [];
  if (kind === undefined) return;
  const agrees =
    kind === 'heads'
      ? tag === undefined && (branch ?? name) === name
      : branch === undefined && (tag ?? name) === name;
  if (agrees) return;
  throw new InvalidInputError([
    {
      property: 'source.ref',
      code: 'INPUT_INVALID',
      message:
        'the CI system reports a ref and another branch or tag; set source.ref to the full ref that is built, or unset the variables that were changed',
    },
  ]);
}

/** The branch or tag in a full ref. */
function namedBy(ref: string | undefined, kind: 'heads' | 'tags'): string | undefined {
  const start = `refs/${kind}/`;
  return ref?.startsWith(start) ? ref.slice(start.length) : undefined;
}

function validated(text: string | undefined, test: (text: string) => boolean): string | undefined {
  return text !== undefined && test(text) ? text : undefined;
}

/** Returns the warnings about commits that differ. */
function warningsOf(
  sources: FactSources,
  commit: string | undefined,
  agrees: boolean,
): readonly string[] {
  const { declared, ci, git } = sources;
  const head = git?.commit;
  // Of one that could not be read there is a warning already.
  const isRead = sources.warnings.length === 0;
  const warnings: string[] = [];
  if (declared.commit !== undefined && head !== undefined && head !== commit) {
    warnings.push(
      `source.commit is ${commit}, but the work tree is at ${head}, which is what is built; remove source.commit if that is wrong`,
    );
  }
  const named = ci?.branch ?? ci?.tag;
  if (named !== undefined && sources.namesOfHead?.has(named) === false) {
    warnings.push(
      `the CI system reports ${named} without a commit, and HEAD of the work tree of the source is not on it, so it ` +
        'was not recorded: set source.branch or source.tag if it is correct',
    );
  }
  if (declared.commit === undefined && git === undefined && commit !== undefined && isRead) {
    warnings.push(
      `the source is not in a git repository, so its files cannot be compared with commit ${commit}, which the CI ` +
        'system reports and which is recorded; build in the checkout, or set source.commit to confirm it',
    );
  }
  if (declared.commit !== undefined || agrees || ci?.commit === undefined) return warnings;
  // The CI system reports the commit of the outermost repository.
  if (ci.commit.toLowerCase() === sources.outer?.commit) return warnings;
  if (!isCommit(ci.commit)) {
    return [
      ...warnings,
      `the commit that the CI system reports is not a valid commit id and was ignored; set source.commit`,
    ];
  }
  return [
    ...warnings,
    `the CI system reports commit ${ci.commit}, but the work tree is at ${head}, which is what is built and is ` +
      'recorded; branch, tag and ref of the CI system are ignored: set source.branch, source.tag or source.ref if they are known',
  ];
}
