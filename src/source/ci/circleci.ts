import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { pullRef, requestFacts, UNKNOWN_REF } from './ref-facts';

/** https://circleci.com/docs/reference/variables/#built-in-environment-variables */
export const circleci: CiSystem = {
  name: 'circleci',
  documentation: 'https://circleci.com/docs/reference/variables/',
  detect: (env) => {
    if (env['CIRCLECI'] !== 'true') return undefined;
    const invocation = textOf(env, 'CIRCLE_BUILD_URL');
    return omitUndefined({
      commit: textOf(env, 'CIRCLE_SHA1'),
      ...refFacts(env),
      repository: textOf(env, 'CIRCLE_REPOSITORY_URL'),
      builder: omitUndefined({
        id: selfReportedId('circleci', invocation),
        system: 'circleci' as const,
        invocation,
        user: textOf(env, 'CIRCLE_USERNAME'),
      }),
    });
  },
};

const REQUEST_BRANCH = /^pull\/(\d+)(?:\/(?:head|merge))?$/;

/**
 * `CIRCLE_PR_*` are set for pull requests of forks only, whose branch may be any name. They exist in projects that
 * are connected by OAuth (GitHub, Bitbucket), which also have `CIRCLE_REPOSITORY_URL`. In other projects (GitHub
 * App, GitLab) nothing distinguishes the branch of a fork, so no branch is taken.
 */
function refFacts(env: Env): RefFacts {
  const branch = textOf(env, 'CIRCLE_BRANCH');
  const fork = textOf(env, 'CIRCLE_PR_NUMBER', 'CIRCLE_PR_REPONAME', 'CIRCLE_PR_USERNAME');
  const url = textOf(env, 'CIRCLE_PULL_REQUEST', 'CIRCLE_PULL_REQUESTS', 'CI_PULL_REQUEST');
  const ofBranch = REQUEST_BRANCH.exec(branch ?? '')?.[1];
  const isReported = textOf(env, 'CIRCLE_REPOSITORY_URL') !== undefined;
  if (fork !== undefined || ofBranch !== undefined || url !== undefined) {
    const id = textOf(env, 'CIRCLE_PR_NUMBER') ?? ofBranch ?? /\/pull\/(\d+)$/.exec(url ?? '')?.[1];
    return requestFacts({
      // Bitbucket does not have a ref of a pull request.
      ref: /\/pull-requests\//.test(url ?? '') ? undefined : pullRef(id),
      branch,
      isOwn: isReported && fork === undefined && ofBranch === undefined,
      headRepository: forkOf(env, url),
    });
  }
  const tag = textOf(env, 'CIRCLE_TAG');
  if (tag !== undefined) return { tag };
  return isReported && branch !== undefined ? { branch } : UNKNOWN_REF;
}

function forkOf(env: Env, url: string | undefined): string | undefined {
  const owner = textOf(env, 'CIRCLE_PR_USERNAME');
  const name = textOf(env, 'CIRCLE_PR_REPONAME');
  if (owner === undefined || name === undefined) return undefined;
  const server = /^https:\/\/[^/]+/.exec(url ?? '')?.[0];
  return server === undefined ? `${owner}/${name}` : `${server}/${owner}/${name}`;
}
