import { type Env, textOf } from '../detected';

/**
 * Variables by which CI systems and plug-ins that are not detected otherwise say that a pull request, a merge
 * request or a change under review is built. Some check it out on a branch with the name of the target (Prow
 * and Drone merge it into `main`, CircleCI and Gerrit's plug-in take the name as it is), so the branch of the work tree
 * says nothing of where its commits come from.
 */
const SET_IN_REQUESTS: readonly string[] = [
  // https://docs.prow.k8s.io/docs/jobs/#job-environment-variables; Tekton and Atlantis name theirs alike.
  ...['PULL_NUMBER', 'PULL_NUM', 'PULL_PULL_SHA', 'PULL_REQUEST_ID', 'PULL_REQUEST_NUMBER'],
  // https://docs.drone.io/pipeline/environment/reference/, https://woodpecker-ci.org/docs/usage/environment
  ...['DRONE_PULL_REQUEST', 'CI_COMMIT_PULL_REQUEST'],
  // https://circleci.com/docs/reference/variables/
  ...['CIRCLE_PULL_REQUEST', 'CIRCLE_PULL_REQUESTS', 'CIRCLE_PR_NUMBER', 'CI_PULL_REQUEST'],
  // https://buildkite.com/docs/pipelines/configure/environment-variables and Travis: `false` without one.
  ...['BUILDKITE_PULL_REQUEST', 'TRAVIS_PULL_REQUEST', 'PULL_REQUEST'],
  // https://learn.microsoft.com/azure/devops/pipelines/build/variables
  ...['SYSTEM_PULLREQUEST_PULLREQUESTID', 'SYSTEM_PULLREQUEST_PULLREQUESTNUMBER'],
  // https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
  ...['BITBUCKET_PR_ID', 'BITBUCKET_PULL_REQUEST_ID'],
  ...[
    'APPVEYOR_PULL_REQUEST_NUMBER',
    'SEMAPHORE_GIT_PR_NUMBER',
    'CIRRUS_PR',
    'BITRISE_PULL_REQUEST',
  ],
  ...[
    'HARNESS_PR_NUMBER',
    'CM_PULL_REQUEST_NUMBER',
    'HEROKU_PR_NUMBER',
    'BUDDY_EXECUTION_PULL_REQUEST_NO',
  ],
];

/** The values that some systems set where there is no request. */
const NONE = /^(?:false|0|no|none|null)$/i;

/** Refs of requests and changes, in the variables that name the ref that is built. */
const REF_VARIABLES: readonly string[] = [
  ...['DRONE_COMMIT_REF', 'CI_COMMIT_REF', 'BUILD_SOURCEBRANCH', 'CODEBUILD_WEBHOOK_HEAD_REF'],
  ...[
    'CODEBUILD_SOURCE_VERSION',
    'SEMAPHORE_GIT_REF',
    'GIT_REF',
    'BUILDKITE_BRANCH',
    'CIRCLE_BRANCH',
  ],
];
const REQUEST_REF = /^(?:refs\/)?(?:pull|pr|merge-requests|pull-requests|changes)\/./;

/** Whether the run is for a request, as far as any CI system's variables say so. */
export function isOtherRequest(env: Env): boolean {
  const isSet = (name: string): boolean => {
    const text = textOf(env, name);
    return text !== undefined && !NONE.test(text);
  };
  if (SET_IN_REQUESTS.some(isSet)) return true;
  if (textOf(env, 'CODEBUILD_WEBHOOK_TRIGGER')?.startsWith('pr/')) return true;
  if (REF_VARIABLES.some((name) => REQUEST_REF.test(textOf(env, name) ?? ''))) return true;
  return isGerritReview(env);
}

/** https://plugins.jenkins.io/gerrit-trigger/: `GERRIT_BRANCH` is the branch that the change is meant for. */
function isGerritReview(env: Env): boolean {
  if (textOf(env, 'GERRIT_CHANGE_NUMBER') === undefined) return false;
  return !['change-merged', 'ref-updated'].includes(textOf(env, 'GERRIT_EVENT_TYPE') ?? '');
}
