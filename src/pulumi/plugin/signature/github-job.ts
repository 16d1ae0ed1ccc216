import type { GithubJob } from '../../../attest';
import {
  isInteractiveProvider,
  type KeylessConfig,
  resolveIdentityProvider,
} from '../../../identity';
import { parseGithubClaims, type SourceFacts } from '../../../source';
import type { PluginEnvironment } from '../environment';

/**
 * Returns the job of GitHub Actions whose identity token signs, by the claims of this token: the signature uses the
 * same one, so its certificate has the same claims. `undefined` with a key, or with another identity.
 */
export async function signingJob(
  keyless: KeylessConfig | undefined,
  facts: SourceFacts,
  { host }: PluginEnvironment,
): Promise<GithubJob | undefined> {
  if (keyless === undefined || facts.builder.system !== 'github-actions') return undefined;
  if (await isInteractiveProvider(keyless, host)) return undefined;
  const provider = await resolveIdentityProvider(keyless, host);
  const claims = parseGithubClaims((await provider.getIdentityToken()).claims);
  if (claims === undefined) return undefined;
  const server = host.env['GITHUB_SERVER_URL']?.replace(/\/+$/, '');
  return { server: server || 'https://github.com', claims };
}
