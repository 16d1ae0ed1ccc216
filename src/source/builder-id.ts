import { isUri } from './uri';
import type { BuilderFacts } from './facts';

/**
 * The scheme of our builder ids: `signed-image+self-reported://<host>/<system>[/<environment>]`.
 *
 * SLSA's `builder.id` names the platform that a verifier trusts for the truth of the provenance
 * (https://slsa.dev/spec/v1.1/provenance#builder.id). Here the build itself writes the provenance
 * from environment variables that anybody can set, which is Build L1. An id such as
 * `https://github.com/actions/runner/github-hosted` belongs to a platform that vouches for it, and
 * a policy that trusts it must not be satisfied by us: so the id says "self-reported" in its scheme,
 * then where the platform is, then which it is.
 */
export const SELF_REPORTED_SCHEME = 'signed-image+self-reported';

/** The host in the id of a machine that is no CI system; its own name is nobody's business. */
const LOCAL = 'local';

export function selfReportedId(
  system: BuilderFacts['system'],
  server?: string,
  environment?: string,
): string {
  const parts = [hostOf(server), system === 'none' ? 'machine' : system, environment];
  return `${SELF_REPORTED_SCHEME}://${parts.filter(Boolean).join('/')}`;
}

function hostOf(server: string | undefined): string {
  if (server === undefined) return LOCAL;
  try {
    const { host } = new URL(server);
    return host !== '' && isUri(`https://${host}/`) ? host : LOCAL;
  } catch {
    return LOCAL;
  }
}

/**
 * Ids of platforms that vouch for their builds, and what shows that we run there (nothing does, for
 * most). Only an explicit `source.builder` can ask for one.
 */
const HOSTED: readonly {
  readonly prefix: string;
  readonly here: (env: NodeJS.ProcessEnv) => boolean;
}[] = [
  {
    prefix: 'https://github.com/actions/runner/github-hosted',
    here: (env) =>
      env['GITHUB_ACTIONS'] === 'true' && env['RUNNER_ENVIRONMENT'] === 'github-hosted',
  },
  { prefix: 'https://github.com/slsa-framework/', here: () => false },
  { prefix: 'https://cloudbuild.googleapis.com/', here: () => false },
];

/** Whether this id claims a hosted builder that is not the one at work. */
export function claimsHostedBuilder(id: string, env: NodeJS.ProcessEnv): boolean {
  const claimed = id.trim().toLowerCase();
  return HOSTED.some(({ prefix, here }) => claimed.startsWith(prefix) && !here(env));
}
