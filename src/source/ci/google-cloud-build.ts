import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { hostAndPath, pullRef, requestFacts, UNKNOWN_REF } from './ref-facts';

/** The address of Cloud Build's API, and of a build in it. */
const SERVER = 'https://cloudbuild.googleapis.com';

/**
 * https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
 *
 * Steps do not have variables by default: set `options.automapSubstitutions: true`, which maps all substitutions.
 */
export const googleCloudBuild: CiSystem = {
  name: 'google-cloud-build',
  documentation:
    'https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values',
  detect: (env) => {
    const project = textOf(env, 'PROJECT_ID');
    const build = textOf(env, 'BUILD_ID');
    const isMapped = project !== undefined && textOf(env, 'PROJECT_NUMBER') !== undefined;
    if (!isMapped || build === undefined) return undefined;
    const location = textOf(env, 'LOCATION') ?? 'global';
    return omitUndefined({
      commit: textOf(env, 'COMMIT_SHA', 'REVISION_ID'),
      ...refFacts(env),
      builder: omitUndefined({
        id: selfReportedId('google-cloud-build', SERVER),
        system: 'google-cloud-build' as const,
        invocation: `${SERVER}/v1/projects/${project}/locations/${location}/builds/${build}`,
      }),
    });
  },
};

/** Substitutions that a build of a trigger has; together they show that all were mapped, and not a choice. */
const OF_TRIGGER = ['TRIGGER_NAME', 'SHORT_SHA', 'REPO_FULL_NAME', 'REF_NAME', 'LOCATION'];

/**
 * In pull requests `BRANCH_NAME` is the branch of the head, and only `_PR_NUMBER` and `_HEAD_REPO_URL` show this: a
 * branch is taken only if it is visible that these would have been mapped, too. The repository has a name without
 * its host (`REPO_FULL_NAME`): its address is that of the work tree.
 */
function refFacts(env: Env): RefFacts {
  const number = textOf(env, '_PR_NUMBER');
  const head = textOf(env, '_HEAD_REPO_URL');
  if (number !== undefined || head !== undefined || textOf(env, '_HEAD_BRANCH') !== undefined) {
    const name = textOf(env, 'REPO_FULL_NAME');
    return requestFacts({
      ref: pullRef(number),
      branch: textOf(env, '_HEAD_BRANCH'),
      isOwn: name !== undefined && hostAndPath(head) === `github.com/${name}`,
      headRepository: head,
    });
  }
  if (OF_TRIGGER.some((variable) => textOf(env, variable) === undefined)) return UNKNOWN_REF;
  const tag = textOf(env, 'TAG_NAME');
  if (tag !== undefined) return { tag };
  const branch = textOf(env, 'BRANCH_NAME');
  return branch === undefined ? UNKNOWN_REF : { branch };
}
