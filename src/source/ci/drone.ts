import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { namedRef, requestFacts } from './ref-facts';

/** https://docs.drone.io/pipeline/environment/reference/ (Harness CI sets the same variables) */
export const drone: CiSystem = {
  name: 'drone',
  documentation: 'https://docs.drone.io/pipeline/environment/reference/',
  detect: (env) => {
    if (env['DRONE'] !== 'true') return undefined;
    const invocation = textOf(env, 'DRONE_BUILD_LINK');
    return omitUndefined({
      commit: textOf(env, 'DRONE_COMMIT_SHA', 'DRONE_COMMIT'),
      ...refFacts(env),
      repository: textOf(env, 'DRONE_GIT_HTTP_URL', 'DRONE_REPO_LINK'),
      builder: omitUndefined({
        id: selfReportedId('drone', invocation),
        system: 'drone' as const,
        invocation,
        user: textOf(env, 'DRONE_BUILD_TRIGGER'),
      }),
    });
  },
};

/**
 * `DRONE_BRANCH` is the target of a request, and no variable has the head's repository. A promotion may be of the
 * build of a request: the ref shows it.
 */
function refFacts(env: Env): RefFacts {
  const ref = textOf(env, 'DRONE_COMMIT_REF');
  const isRequest =
    textOf(env, 'DRONE_PULL_REQUEST') !== undefined || env['DRONE_BUILD_EVENT'] === 'pull_request';
  if (isRequest) return requestFacts({ ref, isOwn: false });
  const tag = textOf(env, 'DRONE_TAG');
  return tag === undefined ? namedRef(ref) : { tag };
}
