import { selfReportedId } from '../builder-id';
import { omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { namedRef, pullRef, requestFacts } from './ref-facts';
import type { TeamCityParameters } from './teamcity-parameters';

/**
 * https://www.jetbrains.com/help/teamcity/predefined-build-parameters.html
 *
 * The variables have the commit and the address of the build. Branch, pull request and repository are parameters
 * without a variable: they are read from the file that `TEAMCITY_BUILD_PROPERTIES_FILE` leads to.
 */
export const teamcity: CiSystem = {
  name: 'teamcity',
  documentation: 'https://www.jetbrains.com/help/teamcity/predefined-build-parameters.html',
  detect: (env, { teamcity: parameters = {} }) => {
    if (textOf(env, 'TEAMCITY_VERSION') === undefined) return undefined;
    const server = parameters['teamcity.serverUrl'];
    return omitUndefined({
      commit: textOf(env, 'BUILD_VCS_NUMBER') ?? parameters['build.vcs.number'],
      ...refFacts(parameters),
      repository: onlyValue(parameters, /^vcsroot\.(?:[^.]+\.)?url$/),
      builder: omitUndefined({
        id: selfReportedId('teamcity', server ?? textOf(env, 'BUILD_URL')),
        system: 'teamcity' as const,
        invocation: invocationOf(server, parameters['teamcity.build.id']),
        user: parameters['teamcity.build.triggeredBy.username'],
      }),
    });
  },
};

/** https://www.jetbrains.com/help/teamcity/rest/manage-finished-builds.html: the address in the UI has a query. */
function invocationOf(server: string | undefined, id: string | undefined): string | undefined {
  if (server === undefined || id === undefined) return undefined;
  return `${server.replace(/\/+$/, '')}/app/rest/builds/id:${id}`;
}

/** https://www.jetbrains.com/help/teamcity/pull-requests.html#Parameters: nothing has the head's repository. */
function refFacts(parameters: TeamCityParameters): RefFacts {
  const ref = onlyValue(parameters, /^teamcity\.build\.vcs\.branch\./);
  const number = parameters['teamcity.pullRequest.number'];
  if (number === undefined) return namedRef(ref);
  return requestFacts({
    ref: ref?.startsWith('refs/') === true ? ref : pullRef(number),
    isOwn: false,
  });
}

/** The value of the parameters with such names, if there is one value: a build may have several VCS roots. */
function onlyValue(parameters: TeamCityParameters, name: RegExp): string | undefined {
  const values = new Set(
    Object.entries(parameters).flatMap(([key, value]) => (name.test(key) ? [value] : [])),
  );
  return values.size === 1 ? [...values][0] : undefined;
}
