import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';

/** https://docs.gitlab.com/ci/variables/predefined_variables/ */
export const gitlabCi: CiSystem = {
  name: 'gitlab-ci',
  documentation: 'https://docs.gitlab.com/ci/variables/predefined_variables/',
  knowsRequests: true,
  detect: (env) => {
    if (env['GITLAB_CI'] !== 'true') return undefined;
    const server = textOf(env, 'CI_SERVER_URL', 'CI_PROJECT_URL');
    return omitUndefined({
      commit: textOf(env, 'CI_COMMIT_SHA'),
      ...(mergeRequest(env) ?? pullRequest(env) ?? refFacts(env)),
      repository: textOf(env, 'CI_PROJECT_URL'),
      builder: omitUndefined({
        id: selfReportedId('gitlab-ci', server),
        system: 'gitlab-ci' as const,
        invocation: textOf(env, 'CI_JOB_URL', 'CI_PIPELINE_URL'),
        user: textOf(env, 'GITLAB_USER_LOGIN'),
      }),
    });
  },
};

function refFacts(env: Env): RefFacts {
  const tag = textOf(env, 'CI_COMMIT_TAG');
  if (tag !== undefined) return { tag };
  const branch = textOf(env, 'CI_COMMIT_BRANCH');
  if (branch !== undefined) return { branch };
  // It is absent in pipelines of merge requests only, also in child pipelines that get no other variable of
  // the request: `CI_COMMIT_REF_NAME` is then a name in the source project.
  return textOf(env, 'CI_COMMIT_REF_NAME') === undefined ? {} : { isRequest: true };
}

/**
 * In a merge request pipeline `CI_COMMIT_REF_NAME` and `CI_MERGE_REQUEST_SOURCE_BRANCH_NAME` are branches of the
 * source project, which may be an untrusted fork. They are used only if it is the project of the pipeline.
 */
function mergeRequest(env: Env): RefFacts | undefined {
  const iid = textOf(env, 'CI_MERGE_REQUEST_IID');
  const isRequest =
    iid !== undefined ||
    textOf(env, 'CI_MERGE_REQUEST_SOURCE_BRANCH_NAME', 'CI_MERGE_REQUEST_REF_PATH') !== undefined ||
    env['CI_PIPELINE_SOURCE'] === 'merge_request_event';
  if (!isRequest) return undefined;
  const source = textOf(env, 'CI_MERGE_REQUEST_SOURCE_PROJECT_PATH');
  const project = textOf(env, 'CI_PROJECT_PATH');
  const target = textOf(env, 'CI_MERGE_REQUEST_PROJECT_PATH') ?? project;
  // A pipeline of a fork may run in the fork, with the fork's own project in CI_PROJECT_PATH.
  const isOwn = source !== undefined && source === project && source === target;
  return omitUndefined({
    isRequest: true,
    branch: isOwn ? textOf(env, 'CI_MERGE_REQUEST_SOURCE_BRANCH_NAME') : undefined,
    ref: textOf(env, 'CI_MERGE_REQUEST_REF_PATH') ?? (iid && `refs/merge-requests/${iid}/head`),
    headRepository: isOwn ? undefined : textOf(env, 'CI_MERGE_REQUEST_SOURCE_PROJECT_URL'),
  });
}

/** Pull requests of a GitHub repository that GitLab builds. */
function pullRequest(env: Env): RefFacts | undefined {
  const iid = textOf(env, 'CI_EXTERNAL_PULL_REQUEST_IID');
  if (iid === undefined && env['CI_PIPELINE_SOURCE'] !== 'external_pull_request_event') {
    return undefined;
  }
  const source = textOf(env, 'CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY');
  const isOwn =
    source !== undefined && source === textOf(env, 'CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY');
  return omitUndefined({
    isRequest: true,
    branch: isOwn ? textOf(env, 'CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME') : undefined,
    ref: iid && `refs/pull/${iid}/head`,
    headRepository: isOwn || source === undefined ? undefined : `https://github.com/${source}`,
  });
}
