import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { pullRef, requestFacts, UNKNOWN_REF } from './ref-facts';

/** https://docs.travis-ci.com/user/environment-variables/#default-environment-variables */
export const travis: CiSystem = {
  name: 'travis',
  documentation: 'https://docs.travis-ci.com/user/environment-variables/',
  detect: (env) => {
    if (env['TRAVIS'] !== 'true') return undefined;
    const invocation = textOf(env, 'TRAVIS_JOB_WEB_URL', 'TRAVIS_BUILD_WEB_URL');
    return omitUndefined({
      commit: textOf(env, 'TRAVIS_COMMIT'),
      // The repository has a name without its host (TRAVIS_REPO_SLUG): its address is that of the work tree.
      ...refFacts(env),
      builder: omitUndefined({
        id: selfReportedId('travis', invocation),
        system: 'travis' as const,
        invocation,
      }),
    });
  },
};

/** `TRAVIS_BRANCH` is the target of a request, and the tag in builds of a tag. */
function refFacts(env: Env): RefFacts {
  const request = textOf(env, 'TRAVIS_PULL_REQUEST');
  const isRequest =
    (request !== undefined && request !== 'false') || env['TRAVIS_EVENT_TYPE'] === 'pull_request';
  if (isRequest) {
    const head = textOf(env, 'TRAVIS_PULL_REQUEST_SLUG');
    return requestFacts({
      ref: pullRef(request, 'merge'),
      branch: textOf(env, 'TRAVIS_PULL_REQUEST_BRANCH'),
      isOwn: head !== undefined && head === textOf(env, 'TRAVIS_REPO_SLUG'),
      headRepository: head,
    });
  }
  const tag = textOf(env, 'TRAVIS_TAG');
  if (tag !== undefined) return { tag };
  const branch = textOf(env, 'TRAVIS_BRANCH');
  return branch === undefined ? UNKNOWN_REF : { branch };
}
