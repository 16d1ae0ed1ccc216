import type { Detected, Env } from '../detected';
import { argoWorkflows } from './argo-workflows';
import { awsCodebuild } from './aws-codebuild';
import { azurePipelines } from './azure-pipelines';
import { bitbucketPipelines } from './bitbucket-pipelines';
import { buildkite } from './buildkite';
import type { CiSystem, Surroundings } from './ci-system';
import { circleci } from './circleci';
import { codefresh } from './codefresh';
import { drone } from './drone';
import { forgejoActions, giteaActions } from './gitea-actions';
import { githubActions } from './github-actions';
import { gitlabCi } from './gitlab-ci';
import { googleCloudBuild } from './google-cloud-build';
import { jenkins } from './jenkins';
import { isOtherRequest } from './other-requests';
import { pulumiDeployments } from './pulumi-deployments';
import { semaphore } from './semaphore';
import { teamcity } from './teamcity';
import { tekton } from './tekton';
import { travis } from './travis';
import { woodpecker } from './woodpecker';

/**
 * The CI systems, in the order of detection: the first that recognizes the variables is the system of the run.
 *
 * 1. Systems that set the variables of another one as well: Forgejo sets Gitea's and GitHub's, and Gitea GitHub's.
 * 2. Systems with a variable of their own that only they set.
 * 3. Jenkins, which is also recognized by variables that its plug-ins set (`GIT_COMMIT`, `BUILD_URL`).
 * 4. Platforms that also run the agents of the systems above: a job of GitHub Actions on a runner in CodeBuild, or
 *    of Jenkins in a pod of Argo Workflows, is a job of GitHub Actions or Jenkins.
 */
export const CI_SYSTEMS: readonly CiSystem[] = [
  ...[forgejoActions, giteaActions, githubActions],
  ...[gitlabCi, circleci, buildkite, azurePipelines, bitbucketPipelines, travis, drone, woodpecker],
  ...[teamcity, codefresh, semaphore, pulumiDeployments],
  jenkins,
  ...[awsCodebuild, googleCloudBuild, argoWorkflows, tekton],
];

export interface DetectedCi {
  /** `undefined`: no CI system was detected. */
  readonly ci: Detected | undefined;
  /**
   * Whether variables of a system or plug-in that does not report requests itself show that a request is built.
   */
  readonly isRequest: boolean;
}

/** Detects the CI system of the run. */
export function detectCi(env: Env, surroundings: Surroundings): DetectedCi {
  for (const { detect, knowsRequests } of CI_SYSTEMS) {
    const ci = detect(env, surroundings);
    if (ci) return { ci, isRequest: knowsRequests !== true && isOtherRequest(env) };
  }
  return { ci: undefined, isRequest: isOtherRequest(env) };
}
