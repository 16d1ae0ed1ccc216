import type { Host } from '../host/host';
import type { HttpHost } from '../http/message';
import { serviceClient } from '../http/service-client';
import type { TokenSource } from './identity-provider';
import { credentialUrl, jsonMember, requestToken, unavailable } from './token-request';

/** https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token */
export const GITHUB_URL_VARIABLE = 'ACTIONS_ID_TOKEN_REQUEST_URL';
export const GITHUB_TOKEN_VARIABLE = 'ACTIONS_ID_TOKEN_REQUEST_TOKEN';

const PERMISSION = 'give the job `permissions: id-token: write`';

/** Whether the job runs on GitHub Actions with the permission to request a token. */
export function hasGithubActionsCredential({ env }: Pick<Host, 'env'>): boolean {
  return Boolean(env[GITHUB_URL_VARIABLE]) && Boolean(env[GITHUB_TOKEN_VARIABLE]);
}

/** Requests tokens with the ambient credentials of GitHub Actions. */
export function githubActionsSource(host: HttpHost, audience: string): TokenSource {
  const { env } = host;
  return {
    name: 'the identity token of GitHub Actions',
    local: false,
    property: 'keyless',
    read: async () => {
      const address = env[GITHUB_URL_VARIABLE];
      const bearer = env[GITHUB_TOKEN_VARIABLE];
      if (!address || !bearer) {
        throw unavailable(
          `${GITHUB_URL_VARIABLE} and ${GITHUB_TOKEN_VARIABLE} are not set: run in GitHub Actions and ${PERMISSION}`,
        );
      }
      const url = credentialUrl(GITHUB_URL_VARIABLE, address);
      url.searchParams.set('audience', audience);
      return requestToken(
        {
          service: 'GitHub',
          url,
          headers: { authorization: `Bearer ${bearer}`, accept: 'application/json' },
          secrets: [bearer],
          advice: (status) =>
            status === 401 || status === 403
              ? `${PERMISSION} (jobs started by a pull request from a fork never get a token)`
              : undefined,
          tokenIn: (body) => jsonMember(body, 'value'),
        },
        serviceClient(host),
      );
    },
  };
}
