import { type Detected, present } from './detected';
import type { SourceFacts, SourceOverrides } from './facts';
import type { GitRepository } from './git-repository';
import { isCommit, isFullRef, isRefName } from './overrides';
import { cleanRepositoryUrl } from './repository-url';

export interface FactSources {
  readonly declared: SourceOverrides;
  /** Absent where no CI system was detected. */
  readonly ci: Detected | undefined;
  /** Absent where there is no repository, or it was not read. */
  readonly git: GitRepository | undefined;
  /** The builder where there is no CI system. */
  readonly local: Detected;
  readonly dirty: boolean | undefined;
  readonly warnings: readonly string[];
}

/**
 * One set of facts that are about one commit: the declared one, else the work tree's HEAD (that is what is
 * built), else the CI system's. What the CI system says of another commit is left out.
 */
export function mergeFacts(sources: FactSources): SourceFacts {
  const { declared, ci, git, local, dirty } = sources;
  const detected = ci ?? local;
  const named = detected.commit?.toLowerCase();
  const ofCi = named !== undefined && isCommit(named) ? named : undefined;
  const commit = declared.commit?.toLowerCase() ?? git?.commit ?? ofCi;
  const agrees = named === undefined || (ofCi !== undefined && ofCi === commit);
  const about: Partial<Detected> = agrees ? detected : {};
  const repository = declared.repository ?? about.repository ?? originOf(git);
  const { invocation } = detected.builder;
  const warnings = [...sources.warnings, ...warningsOf(sources, commit, agrees)];
  return present({
    commit,
    ...refFacts(sources, about, agrees && git?.commit === commit),
    repository: repository && cleanRepositoryUrl(repository),
    headRepository: about.headRepository && cleanHead(about.headRepository),
    dirty,
    builder: present({
      ...detected.builder,
      id: declared.builder ?? detected.builder.id,
      invocation: invocation && cleanRepositoryUrl(invocation),
    }),
    warnings: warnings.length > 0 ? warnings : undefined,
  });
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

/** @param isHead - Whether the facts are about the work tree's HEAD, so that its branch counts. */
function refFacts(
  { declared, ci, git }: FactSources,
  about: Partial<Detected>,
  isHead: boolean,
): Pick<SourceFacts, 'branch' | 'tag' | 'ref'> {
  const tag = declared.tag ?? checked(about.tag, isRefName);
  // In a request a fork's branch may be checked out under any name, and on a tag none is meant.
  const isOnBranch = isHead && ci?.isRequest !== true && tag === undefined;
  const branch =
    declared.branch ??
    checked(about.branch, isRefName) ??
    (isOnBranch ? checked(git?.branch, isRefName) : undefined);
  const isDeclared = declared.branch !== undefined || declared.tag !== undefined;
  const ref = declared.ref ?? (isDeclared ? undefined : checked(about.ref, isFullRef));
  const isSaid = ref === `refs/heads/${branch}` || ref === `refs/tags/${tag}`;
  return { branch, tag, ref: isSaid ? undefined : ref } as Pick<
    SourceFacts,
    'branch' | 'tag' | 'ref'
  >;
}

function checked(text: string | undefined, test: (text: string) => boolean): string | undefined {
  return text !== undefined && test(text) ? text : undefined;
}

/** What a person should know although it stops nothing. */
function warningsOf(
  { declared, ci, git }: FactSources,
  commit: string | undefined,
  agrees: boolean,
): readonly string[] {
  const head = git?.commit;
  const warnings: string[] = [];
  if (declared.commit !== undefined && head !== undefined && head !== commit) {
    warnings.push(
      `source.commit is ${commit}, but the work tree is at ${head}, which is what is built; remove source.commit if that is wrong`,
    );
  }
  if (declared.commit !== undefined || agrees || ci?.commit === undefined) return warnings;
  if (!isCommit(ci.commit)) {
    return [
      ...warnings,
      `the CI system's commit is not a commit id and was left out; set source.commit`,
    ];
  }
  return [
    ...warnings,
    `the CI system says commit ${ci.commit}, but the work tree is at ${head}, which is what is built and is ` +
      'recorded; branch, tag and ref of the CI system are left out: set source.branch, source.tag or source.ref if they are known',
  ];
}
