import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { UNKNOWN_REF } from './ref-facts';

const SERVER = 'https://bitbucket.org';

/** https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/#Default-variables */
export const bitbucketPipelines: CiSystem = {
  name: 'bitbucket-pipelines',
  documentation: 'https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/',
  detect: (env) => {
    const number = textOf(env, 'BITBUCKET_BUILD_NUMBER');
    const commit = textOf(env, 'BITBUCKET_COMMIT');
    if (number === undefined || commit === undefined) return undefined;
    const name = textOf(env, 'BITBUCKET_REPO_FULL_NAME');
    const repository =
      name === undefined ? textOf(env, 'BITBUCKET_GIT_HTTP_ORIGIN') : `${SERVER}/${name}`;
    return omitUndefined({
      commit,
      ...refFacts(env),
      repository,
      builder: omitUndefined({
        id: selfReportedId('bitbucket-pipelines', SERVER),
        system: 'bitbucket-pipelines' as const,
        invocation: name && `${SERVER}/${name}/pipelines/results/${number}`,
        user: textOf(env, 'BITBUCKET_STEP_TRIGGERER_UUID'),
      }),
    });
  },
};

/**
 * `BITBUCKET_BRANCH` is a branch of the head in pull requests, and no variable has the head's repository.
 * Bitbucket does not have refs of pull requests.
 */
function refFacts(env: Env): RefFacts {
  if (textOf(env, 'BITBUCKET_PR_ID') !== undefined) return UNKNOWN_REF;
  const tag = textOf(env, 'BITBUCKET_TAG');
  if (tag !== undefined) return { tag };
  const branch = textOf(env, 'BITBUCKET_BRANCH');
  return branch === undefined ? UNKNOWN_REF : { branch };
}
