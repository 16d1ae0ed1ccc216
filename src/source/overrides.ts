import type { Problem } from '../error';
import { isUri } from './uri';
import { claimsHostedBuilder } from './builder-id';
import type { SourceOverrides } from './facts';
import { cleanRepositoryUrl } from './repository-url';

/** Whether a text is a full object id of git: SHA-1, or SHA-256 in repositories that use it. */
export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(text);
}

/**
 * Whether git accepts a text as the name of a branch or tag.
 *
 * https://git-scm.com/docs/git-check-ref-format
 */
export function isRefName(text: string): boolean {
  if (/[\p{Cc}\s~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$|^-|^\/|^@$/u.test(text)) return false;
  return text.split('/').every((part) => !/^\.|^$|\.lock$/.test(part));
}

/** Whether a text is a full ref, such as `refs/pull/5/merge`. */
export function isFullRef(text: string): boolean {
  return /^refs\/[^/]+\/./.test(text) && isRefName(text);
}

/** Returns all problems of `source`. Messages do not contain values: a URL may contain a credential. */
export function validateOverrides(
  overrides: SourceOverrides,
  env: NodeJS.ProcessEnv,
): readonly Problem[] {
  const problems: Problem[] = [];
  const addProblem = (fact: keyof SourceOverrides, message: string): void => {
    problems.push({ property: `source.${fact}`, code: 'INPUT_INVALID', message });
  };
  const { commit, branch, tag, ref, repository, builder } = overrides;
  if (commit !== undefined && !isCommit(commit)) {
    addProblem('commit', 'must be a full commit id: 40 hex digits, or 64 in a SHA-256 repository');
  }
  const branchFault = branch === undefined ? undefined : nameFault(branch, 'branch', 'refs/heads/');
  if (branchFault !== undefined) addProblem('branch', branchFault);
  const tagFault = tag === undefined ? undefined : nameFault(tag, 'tag', 'refs/tags/');
  if (tagFault !== undefined) addProblem('tag', tagFault);
  if (ref !== undefined && !isFullRef(ref)) {
    addProblem('ref', 'must be a full ref, such as refs/pull/5/merge');
  }
  if (contradicts(ref, 'refs/heads/', branch)) {
    addProblem('ref', 'names another branch than source.branch; give one of them');
  }
  if (contradicts(ref, 'refs/tags/', tag)) {
    addProblem('ref', 'names another tag than source.tag; give one of them');
  }
  if (repository !== undefined && cleanRepositoryUrl(repository) === undefined) {
    addProblem('repository', 'must be a URL (https://host/path or ssh://...) or user@host:path');
  }
  if (builder !== undefined) {
    if (!isBuilderId(builder)) {
      addProblem(
        'builder',
        'must be a URI with a scheme and no credentials, for example https://ci.example.com/builders/1',
      );
    } else if (claimsHostedBuilder(builder, env)) {
      addProblem(
        'builder',
        'is the id of a hosted builder that does not run this build; remove it, or set the id of your own builder',
      );
    }
  }
  return problems;
}

/** Annotations and provenance would say both. */
function contradicts(ref: string | undefined, start: string, name: string | undefined): boolean {
  return name !== undefined && ref !== undefined && ref.startsWith(start) && ref !== start + name;
}

/** CI systems also have variables with the full ref; signed as a name it would match no policy for the name. */
function nameFault(text: string, kind: 'branch' | 'tag', prefix: string): string | undefined {
  if (text.startsWith('refs/')) {
    return `must be the name of the ${kind} without \`${prefix}\`; declare any other full ref as \`source.ref\``;
  }
  return isRefName(text)
    ? undefined
    : `is not a valid ${kind} name; see \`git help check-ref-format\` for the rules`;
}

function isBuilderId(text: string): boolean {
  if (!isUri(text)) return false;
  try {
    const url = new URL(text);
    return url.username === '' && url.password === '';
  } catch {
    return false;
  }
}
