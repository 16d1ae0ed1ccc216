import { selfReportedId } from './builder-id';
import { type Detector, present, textOf } from './detected';

/** https://docs.gitlab.com/ci/variables/predefined_variables/ */
export const detectGitlabCi: Detector = (env) => {
  if (env['GITLAB_CI'] !== 'true') return undefined;
  // In merge request pipelines the ref name is the source branch's too, but only there is it sure.
  const onTag = textOf(env, 'CI_COMMIT_TAG') !== undefined;
  const branch =
    textOf(env, 'CI_COMMIT_BRANCH', 'CI_MERGE_REQUEST_SOURCE_BRANCH_NAME') ??
    (onTag ? undefined : textOf(env, 'CI_COMMIT_REF_NAME'));
  const server = textOf(env, 'CI_SERVER_URL', 'CI_PROJECT_URL');
  return present({
    commit: textOf(env, 'CI_COMMIT_SHA'),
    branch,
    repository: textOf(env, 'CI_PROJECT_URL'),
    builder: present({
      id: selfReportedId('gitlab-ci', server),
      system: 'gitlab-ci' as const,
      invocation: textOf(env, 'CI_JOB_URL', 'CI_PIPELINE_URL'),
      user: textOf(env, 'GITLAB_USER_LOGIN'),
    }),
  });
};
