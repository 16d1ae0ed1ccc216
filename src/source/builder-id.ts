import { isUri } from './uri';
import type { BuilderFacts } from './facts';

/**
 * The scheme of our builder ids: `signed-image+self-reported://<host>/<system>[/<environment>]`.
 *
 * SLSA's `builder.id` identifies the platform that a verifier trusts to generate correct provenance
 * (https://slsa.dev/spec/v1.1/provenance#builder.id). Here the build itself writes the provenance
 * from environment variables, which the build can change: that is Build L1. An id such as
 * `https://github.com/actions/runner/github-hosted` belongs to a platform that guarantees it, and a
 * policy that trusts this id must not accept our provenance. Therefore the scheme of our ids is
 * "self-reported", followed by the host and the name of the platform.
 */
export const SELF_REPORTED_SCHEME = 'signed-image+self-reported';

/** The host in the id outside of CI systems; the machine's own name is not disclosed. */
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
 * Id prefixes of hosted platforms that guarantee their provenance, and how to detect that the build
 * runs there (not possible for most). Only an explicit `source.builder` can contain one.
 */
const HOSTED: readonly {
  readonly prefix: string;
  readonly isCurrent: (env: NodeJS.ProcessEnv) => boolean;
}[] = [
  {
    prefix: 'https://github.com/actions/runner/github-hosted',
    isCurrent: (env) =>
      env['GITHUB_ACTIONS'] === 'true' &&
      // Gitea and Forgejo set the variables of GitHub as well.
      env['GITEA_ACTIONS'] !== 'true' &&
      env['FORGEJO_ACTIONS'] !== 'true' &&
      env['RUNNER_ENVIRONMENT'] === 'github-hosted',
  },
  { prefix: 'https://github.com/slsa-framework/', isCurrent: () => false },
  { prefix: 'https://cloudbuild.googleapis.com/', isCurrent: () => false },
];

/** Whether an id claims a hosted builder that does not run this build. */
export function claimsHostedBuilder(id: string, env: NodeJS.ProcessEnv): boolean {
  const claimed = id.trim().toLowerCase();
  return HOSTED.some(({ prefix, isCurrent }) => claimed.startsWith(prefix) && !isCurrent(env));
}
