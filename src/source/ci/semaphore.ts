import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { namedRef, pullRef, requestFacts } from './ref-facts';

/** https://docs.semaphore.io/reference/env-vars */
export const semaphore: CiSystem = {
  name: 'semaphore',
  documentation: 'https://docs.semaphore.io/reference/env-vars',
  detect: (env) => {
    if (env['SEMAPHORE'] !== 'true') return undefined;
    const server = textOf(env, 'SEMAPHORE_ORGANIZATION_URL')?.replace(/\/+$/, '');
    const job = textOf(env, 'SEMAPHORE_JOB_ID');
    return omitUndefined({
      commit: textOf(env, 'SEMAPHORE_GIT_SHA'),
      ...refFacts(env),
      repository: textOf(env, 'SEMAPHORE_GIT_URL'),
      builder: omitUndefined({
        id: selfReportedId('semaphore', server),
        system: 'semaphore' as const,
        invocation: server && job && `${server}/jobs/${job}`,
        user: textOf(env, 'SEMAPHORE_PIPELINE_PROMOTED_BY', 'SEMAPHORE_WORKFLOW_TRIGGERED_BY'),
      }),
    });
  },
};

/** `SEMAPHORE_GIT_BRANCH` is the target of a request. The two names of repositories show a fork. */
function refFacts(env: Env): RefFacts {
  const head = textOf(env, 'SEMAPHORE_GIT_PR_SLUG');
  const number = textOf(env, 'SEMAPHORE_GIT_PR_NUMBER');
  const ref = textOf(env, 'SEMAPHORE_GIT_REF');
  const isRequest =
    env['SEMAPHORE_GIT_REF_TYPE'] === 'pull-request' || (head ?? number) !== undefined;
  if (isRequest) {
    return requestFacts({
      ref: ref?.startsWith('refs/pull/') === true ? ref : pullRef(number, 'merge'),
      branch: textOf(env, 'SEMAPHORE_GIT_PR_BRANCH'),
      isOwn: head !== undefined && head === textOf(env, 'SEMAPHORE_GIT_REPO_SLUG'),
      headRepository: head,
    });
  }
  const tag = textOf(env, 'SEMAPHORE_GIT_TAG_NAME');
  return tag === undefined ? namedRef(ref) : { tag };
}
