import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { isSameRepository, pullRef, requestFacts, UNKNOWN_REF } from './ref-facts';

/** https://buildkite.com/docs/pipelines/configure/environment-variables#buildkite-environment-variables */
export const buildkite: CiSystem = {
  name: 'buildkite',
  documentation: 'https://buildkite.com/docs/pipelines/configure/environment-variables',
  detect: (env) => {
    if (env['BUILDKITE'] !== 'true') return undefined;
    const invocation = textOf(env, 'BUILDKITE_BUILD_URL');
    return omitUndefined({
      commit: commitOf(env),
      ...refFacts(env),
      repository: textOf(env, 'BUILDKITE_REPO'),
      builder: omitUndefined({
        id: selfReportedId('buildkite', invocation),
        system: 'buildkite' as const,
        invocation,
        user: textOf(env, 'BUILDKITE_UNBLOCKER', 'BUILDKITE_BUILD_CREATOR'),
      }),
    });
  },
};

/** `HEAD` in builds that a person or a schedule starts, until the agent has checked the commit out. */
function commitOf(env: Env): string | undefined {
  const commit = textOf(env, 'BUILDKITE_COMMIT');
  return commit === 'HEAD' ? undefined : commit;
}

function refFacts(env: Env): RefFacts {
  const request = textOf(env, 'BUILDKITE_PULL_REQUEST');
  const head = textOf(env, 'BUILDKITE_PULL_REQUEST_REPO');
  const branch = textOf(env, 'BUILDKITE_BRANCH');
  if ((request !== undefined && request !== 'false') || head !== undefined) {
    return requestFacts({
      ref: isOnGithub(env) ? pullRef(request) : undefined,
      branch,
      isOwn: isSameRepository(head, textOf(env, 'BUILDKITE_REPO')),
      headRepository: head,
    });
  }
  const tag = textOf(env, 'BUILDKITE_TAG');
  if (tag !== undefined) return { tag };
  return branch === undefined ? UNKNOWN_REF : { branch };
}

/** `github`, `github_enterprise`, `gitlab`, `bitbucket`, ... */
function isOnGithub(env: Env): boolean {
  return textOf(env, 'BUILDKITE_PIPELINE_PROVIDER')?.startsWith('github') === true;
}
