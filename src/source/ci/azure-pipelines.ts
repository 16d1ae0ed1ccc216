import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { branchOf, namedRef, requestFacts } from './ref-facts';

/** https://learn.microsoft.com/azure/devops/pipelines/build/variables */
export const azurePipelines: CiSystem = {
  name: 'azure-pipelines',
  documentation: 'https://learn.microsoft.com/azure/devops/pipelines/build/variables',
  detect: (env) => {
    if (env['TF_BUILD']?.toLowerCase() !== 'true') return undefined;
    const collection = textOf(env, 'SYSTEM_COLLECTIONURI', 'SYSTEM_TEAMFOUNDATIONCOLLECTIONURI');
    return omitUndefined({
      commit: textOf(env, 'BUILD_SOURCEVERSION'),
      ...(request(env) ?? namedRef(textOf(env, 'BUILD_SOURCEBRANCH'))),
      repository: textOf(env, 'BUILD_REPOSITORY_URI'),
      builder: omitUndefined({
        id: selfReportedId('azure-pipelines', collection),
        system: 'azure-pipelines' as const,
        invocation: invocationOf(env, collection),
        user: textOf(env, 'BUILD_REQUESTEDFOR'),
      }),
    });
  },
};

/** https://learn.microsoft.com/rest/api/azure/devops/build/builds/get: the address in the portal has a query. */
function invocationOf(env: Env, collection: string | undefined): string | undefined {
  const project = textOf(env, 'SYSTEM_TEAMPROJECT');
  const id = textOf(env, 'BUILD_BUILDID');
  if (collection === undefined || project === undefined || id === undefined) return undefined;
  const base = collection.replace(/\/+$/, '');
  return `${base}/${encodeURIComponent(project)}/_apis/build/Builds/${id}`;
}

function request(env: Env): RefFacts | undefined {
  const ref = textOf(env, 'BUILD_SOURCEBRANCH');
  const isRequest =
    textOf(env, 'SYSTEM_PULLREQUEST_PULLREQUESTID') !== undefined ||
    env['BUILD_REASON'] === 'PullRequest' ||
    ref?.startsWith('refs/pull/') === true;
  if (!isRequest) return undefined;
  return requestFacts({
    ref: ref?.startsWith('refs/pull/') === true ? ref : undefined,
    branch: branchOf(textOf(env, 'SYSTEM_PULLREQUEST_SOURCEBRANCH')),
    isOwn: env['SYSTEM_PULLREQUEST_ISFORK']?.toLowerCase() === 'false',
    headRepository: textOf(env, 'SYSTEM_PULLREQUEST_SOURCEREPOSITORYURI'),
  });
}
