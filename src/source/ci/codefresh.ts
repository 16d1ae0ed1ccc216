import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { pullRef, requestFacts, UNKNOWN_REF } from './ref-facts';

/** https://codefresh.io/docs/docs/pipelines/variables/#system-variables */
export const codefresh: CiSystem = {
  name: 'codefresh',
  documentation: 'https://codefresh.io/docs/docs/pipelines/variables/',
  detect: (env) => {
    if (textOf(env, 'CF_BUILD_ID') === undefined) return undefined;
    const invocation = textOf(env, 'CF_BUILD_URL');
    return omitUndefined({
      commit: textOf(env, 'CF_REVISION'),
      ...refFacts(env),
      repository: textOf(env, 'CF_REPO_CLONE_URL') ?? repositoryOf(env),
      builder: omitUndefined({
        id: selfReportedId('codefresh', invocation),
        system: 'codefresh' as const,
        invocation,
        user: textOf(env, 'CF_BUILD_INITIATOR'),
      }),
    });
  },
};

/** The address of the repository is the start of the address of its commit. */
function repositoryOf(env: Env): string | undefined {
  const name = `${textOf(env, 'CF_REPO_OWNER')}/${textOf(env, 'CF_REPO_NAME')}`;
  const url = textOf(env, 'CF_COMMIT_URL') ?? '';
  const start = /^(https:\/\/[^/]+\/.+?)\/(?:-\/)?commits?\//.exec(url)?.[1];
  return start?.endsWith(`/${name}`) === true ? start : undefined;
}

/**
 * `CF_BRANCH` is a branch or a tag, "depending on the payload": it is recorded as neither. In a request it is the
 * branch of the head, and `CF_PULL_REQUEST_IS_FORK` shows where that is.
 */
function refFacts(env: Env): RefFacts {
  const number = textOf(env, 'CF_PULL_REQUEST_NUMBER');
  const isFork = textOf(env, 'CF_PULL_REQUEST_IS_FORK');
  if (number !== undefined || textOf(env, 'CF_PULL_REQUEST_TARGET') !== undefined) {
    const isOnGithub = /^https:\/\/github\./.test(textOf(env, 'CF_COMMIT_URL') ?? '');
    return requestFacts({
      ref: isOnGithub ? pullRef(number) : undefined,
      branch: textOf(env, 'CF_PULL_REQUEST_HEAD_BRANCH', 'CF_BRANCH'),
      isOwn: isFork === 'false',
    });
  }
  const tag = textOf(env, 'CF_RELEASE_TAG');
  return tag === undefined ? UNKNOWN_REF : { tag };
}
