import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiName } from '../facts';
import type { CiSystem } from './ci-system';
import { githubRef } from './github-actions';

/** https://docs.gitea.com/usage/actions/variables: the variables of GitHub Actions, and `GITEA_ACTIONS`. */
export const giteaActions: CiSystem = actionsOf(
  'gitea-actions',
  'GITEA_ACTIONS',
  'https://docs.gitea.com/usage/actions/overview',
);

/**
 * https://forgejo.org/docs/latest/user/actions/reference/: the variables of GitHub Actions, the same with the prefix
 * `FORGEJO_`, and `FORGEJO_ACTIONS`; the runner sets `GITEA_ACTIONS` as well.
 */
export const forgejoActions: CiSystem = actionsOf(
  'forgejo-actions',
  'FORGEJO_ACTIONS',
  'https://forgejo.org/docs/latest/user/actions/reference/',
);

function actionsOf(name: CiName, variable: string, documentation: string): CiSystem {
  return {
    name,
    documentation,
    knowsRequests: true,
    detect: (env, { event }) => {
      if (env[variable] !== 'true') return undefined;
      const server = textOf(env, 'GITHUB_SERVER_URL');
      const slug = textOf(env, 'GITHUB_REPOSITORY');
      const repository = server && slug && `${server.replace(/\/+$/, '')}/${slug}`;
      return omitUndefined({
        commit: textOf(env, 'GITHUB_SHA'),
        ...githubRef(env, slug, event),
        repository,
        builder: omitUndefined({
          id: selfReportedId(name, server),
          system: name,
          invocation: invocationOf(env, repository),
          user: textOf(env, 'GITHUB_ACTOR'),
        }),
      });
    },
  };
}

/** The page of a run has its number in the repository, and not its id. */
function invocationOf(env: Env, repository: string | undefined): string | undefined {
  const number = textOf(env, 'GITHUB_RUN_NUMBER');
  return repository && number && `${repository}/actions/runs/${number}`;
}
