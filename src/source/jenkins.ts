import { selfReportedId } from './builder-id';
import { type Detector, type Env, present, textOf } from './detected';

/**
 * https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables, the git plugin's
 * GIT_* variables, and the build user vars plugin's BUILD_USER_ID.
 */
export const detectJenkins: Detector = (env) => {
  if (!isJenkins(env)) return undefined;
  return present({
    commit: textOf(env, 'GIT_COMMIT'),
    branch: branchOf(env),
    repository: textOf(env, 'GIT_URL', 'GIT_URL_1'),
    builder: present({
      id: selfReportedId('jenkins', textOf(env, 'JENKINS_URL', 'BUILD_URL')),
      system: 'jenkins' as const,
      invocation: textOf(env, 'BUILD_URL'),
      user: textOf(env, 'BUILD_USER_ID', 'BUILD_USER'),
    }),
  });
};

/** A lone GIT_COMMIT is set by many; together with a build's URL it is Jenkins'. */
function isJenkins(env: Env): boolean {
  if (textOf(env, 'JENKINS_URL', 'JENKINS_HOME') !== undefined) return true;
  return textOf(env, 'GIT_COMMIT') !== undefined && textOf(env, 'BUILD_URL') !== undefined;
}

/** The git plugin names the remote-tracking branch; a multibranch job names the branch itself. */
function branchOf(env: Env): string | undefined {
  const named =
    textOf(env, 'GIT_LOCAL_BRANCH', 'CHANGE_BRANCH') ?? textOf(env, 'GIT_BRANCH', 'BRANCH_NAME');
  const branch = named
    ?.replace(/^(?:refs\/remotes\/|remotes\/)?origin\//, '')
    .replace(/^refs\/heads\//, '');
  // What the plugin says for a checkout of a bare commit.
  return branch === 'detached' || branch === 'HEAD' ? undefined : branch;
}
