import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { namedRef, UNKNOWN_REF } from './ref-facts';

/**
 * https://www.pulumi.com/docs/deployments/concepts/settings/environment-variables/; the variables of a request and of
 * a branch are on the pages of the version control systems,
 * https://www.pulumi.com/docs/integrations/version-control/.
 */
export const pulumiDeployments: CiSystem = {
  name: 'pulumi-deployments',
  documentation: 'https://www.pulumi.com/docs/deployments/concepts/settings/environment-variables/',
  detect: (env) => {
    // Other CI systems may set another value themselves.
    if (env['PULUMI_CI_SYSTEM'] !== 'Pulumi Deployments') return undefined;
    const invocation = textOf(env, 'PULUMI_CI_BUILD_URL');
    return omitUndefined({
      commit: textOf(env, 'PULUMI_CI_PULL_REQUEST_SHA'),
      ...refFacts(env),
      builder: omitUndefined({
        id: selfReportedId('pulumi-deployments', invocation ?? 'https://app.pulumi.com'),
        system: 'pulumi-deployments' as const,
        invocation,
      }),
    });
  },
};

/** The branch of a request is that of the head, and no variable has the head's repository. */
function refFacts(env: Env): RefFacts {
  const isRequest = textOf(env, 'PULUMI_PR_NUMBER', 'PULUMI_CI_PULL_REQUEST_SHA') !== undefined;
  if (isRequest) return UNKNOWN_REF;
  const tag = textOf(env, 'PULUMI_CI_TAG_NAME');
  if (tag !== undefined) return { tag };
  const name = textOf(env, 'PULUMI_CI_BRANCH_NAME');
  if (name?.startsWith('refs/') === true) return namedRef(name);
  return name === undefined ? UNKNOWN_REF : { branch: name };
}
