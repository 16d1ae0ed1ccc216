import { resolveIdentityProvider } from '../../../identity';
import { type GithubClaims, parseGithubClaims } from '../../../source';
import type { PluginEnvironment } from '../environment';

/** The audience of a token that no service accepts; `actions/toolkit` uses it for the same purpose. */
const NO_AUDIENCE = 'nobody';

/**
 * Returns how to get the claims of the job's identity token; `undefined` outside of GitHub Actions, and without
 * `permissions: id-token: write`. All images of a run share one token.
 */
export function githubClaimsReader({
  env,
  host,
}: PluginEnvironment): (() => Promise<GithubClaims | undefined>) | undefined {
  const isImitated = env['GITEA_ACTIONS'] === 'true' || env['FORGEJO_ACTIONS'] === 'true';
  const hasToken =
    Boolean(env['ACTIONS_ID_TOKEN_REQUEST_URL']) && Boolean(env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']);
  if (env['GITHUB_ACTIONS'] !== 'true' || isImitated || !hasToken) return undefined;
  return async () => {
    const config = { provider: 'github-actions', clientId: NO_AUDIENCE } as const;
    const provider = await resolveIdentityProvider(config, host);
    return parseGithubClaims((await provider.getIdentityToken()).claims);
  };
}
