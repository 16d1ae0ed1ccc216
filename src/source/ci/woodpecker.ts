import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { namedRef, requestFacts } from './ref-facts';

/** https://woodpecker-ci.org/docs/usage/environment#built-in-environment-variables */
export const woodpecker: CiSystem = {
  name: 'woodpecker',
  documentation: 'https://woodpecker-ci.org/docs/usage/environment',
  detect: (env) => {
    if (env['CI'] !== 'woodpecker') return undefined;
    const invocation = textOf(env, 'CI_PIPELINE_URL');
    return omitUndefined({
      commit: textOf(env, 'CI_COMMIT_SHA'),
      ...refFacts(env),
      repository: textOf(env, 'CI_REPO_CLONE_URL', 'CI_REPO_URL'),
      builder: omitUndefined({
        id: selfReportedId('woodpecker', textOf(env, 'CI_SYSTEM_URL', 'CI_PIPELINE_URL')),
        system: 'woodpecker' as const,
        invocation,
        user: textOf(env, 'CI_PIPELINE_AUTHOR', 'CI_COMMIT_AUTHOR'),
      }),
    });
  },
};

/** `CI_COMMIT_BRANCH` is the target of a request, and no variable has the head's repository. */
function refFacts(env: Env): RefFacts {
  const ref = textOf(env, 'CI_COMMIT_REF');
  const isRequest =
    textOf(env, 'CI_COMMIT_PULL_REQUEST') !== undefined ||
    env['CI_PIPELINE_EVENT']?.startsWith('pull_request') === true;
  if (isRequest) return requestFacts({ ref, isOwn: false });
  const tag = textOf(env, 'CI_COMMIT_TAG');
  return tag === undefined ? namedRef(ref) : { tag };
}
