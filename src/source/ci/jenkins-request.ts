import { type Env, omitUndefined, textOf } from '../detected';
import type { RefFacts } from './ci-system';

/** Returns the pull or merge request of a Jenkins job; `undefined`: the job does not run for one. */
export function jenkinsRequest(env: Env): RefFacts | undefined {
  return multibranch(env) ?? gitlabPlugin(env) ?? pullRequestBuilder(env) ?? fetchedRef(env);
}

/**
 * `CHANGE_FORK` is set only for a fork; `CHANGE_BRANCH` is then the name of the head in the fork.
 * https://www.jenkins.io/doc/book/pipeline/multibranch/#additional-environment-variables
 */
function multibranch(env: Env): RefFacts | undefined {
  const id = textOf(env, 'CHANGE_ID');
  if (id === undefined) return undefined;
  const fork = textOf(env, 'CHANGE_FORK');
  return omitUndefined({
    isRequest: true,
    branch: fork === undefined ? textOf(env, 'CHANGE_BRANCH') : undefined,
    ref: requestRef(id, env),
    headRepository: fork,
  });
}

/** Returns the ref on the server: if Jenkins merges locally, the server does not have a ref of the merge. */
function requestRef(id: string, env: Env): string {
  const url = textOf(env, 'CHANGE_URL') ?? '';
  if (/\/merge_requests\//.test(url)) return `refs/merge-requests/${id}/head`;
  if (/\/pull-requests\//.test(url)) return `refs/pull-requests/${id}/from`;
  const isMerge = textOf(env, 'BRANCH_NAME')?.endsWith('-merge') === true;
  return `refs/pull/${id}/${isMerge ? 'merge' : 'head'}`;
}

/** https://github.com/jenkinsci/gitlab-plugin#defined-variables */
function gitlabPlugin(env: Env): RefFacts | undefined {
  const iid = textOf(env, 'gitlabMergeRequestIid');
  if (iid === undefined) return undefined;
  const source = textOf(env, 'gitlabSourceRepoHttpUrl', 'gitlabSourceRepoURL');
  const isOwn =
    source !== undefined &&
    source === textOf(env, 'gitlabTargetRepoHttpUrl', 'gitlabTargetRepoURL');
  return omitUndefined({
    isRequest: true,
    branch: isOwn ? textOf(env, 'gitlabSourceBranch') : undefined,
    ref: `refs/merge-requests/${iid}/head`,
    headRepository: isOwn ? undefined : source,
  });
}

/** https://github.com/jenkinsci/ghprb-plugin#environment-variables */
function pullRequestBuilder(env: Env): RefFacts | undefined {
  const id = textOf(env, 'ghprbPullId');
  if (id === undefined) return undefined;
  return omitUndefined({
    isRequest: true,
    ref: `refs/pull/${id}/merge`,
    headRepository: textOf(env, 'ghprbAuthorRepoGitUrl'),
  });
}

/** A job that fetches `refs/pull/*` itself: `origin/pr/5/merge`, `origin/pull/5/head`. */
function fetchedRef(env: Env): RefFacts | undefined {
  const branch = textOf(env, 'GIT_BRANCH') ?? '';
  const match = /(?:^|\/)(?:pr|pull)\/(\d+)\/(head|merge)$/.exec(branch);
  return match ? { isRequest: true, ref: `refs/pull/${match[1]}/${match[2]}` } : undefined;
}
