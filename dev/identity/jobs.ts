import { ACTIONS_CLAIMS, type OidcIssuer } from '../sigstore';
import { type IdentityDouble, stillDouble, type TokenMint } from './double';

/** A job of GitHub Actions. Its token endpoint is that of the local issuer. */
export function githubActions(issuer: OidcIssuer): IdentityDouble {
  return stillDouble(issuer.actionsEnvironment(), {
    identity: `https://github.com/${String(ACTIONS_CLAIMS['job_workflow_ref'])}`,
    issuer: issuer.url,
  });
}

const CONFIG_REF = 'gitlab.com/team/app//.gitlab-ci.yml@refs/heads/main';

/** The claims of a job of GitLab CI: https://docs.gitlab.com/ci/secrets/id_token_authentication/ */
export const GITLAB_CLAIMS = {
  sub: 'project_path:team/app:ref_type:branch:ref:main',
  namespace_id: '72',
  namespace_path: 'team',
  project_id: '20',
  project_path: 'team/app',
  project_visibility: 'private',
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'main',
  ref_type: 'branch',
  ref_protected: 'true',
  runner_environment: 'gitlab-hosted',
  sha: '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567',
  ci_config_ref_uri: CONFIG_REF,
  ci_config_sha: '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567',
} as const;

/** A job of GitLab CI with `id_tokens: SIGSTORE_ID_TOKEN`, by default for `sigstore`. */
export function gitlabCi(mint: TokenMint, audience?: string): IdentityDouble {
  const issuer = `${mint.url}/gitlab`;
  const claims = { ...GITLAB_CLAIMS, iss: issuer };
  return stillDouble(
    {
      CI: 'true',
      GITLAB_CI: 'true',
      SIGSTORE_ID_TOKEN: mint.token({ claims, ...(audience !== undefined && { audience }) }),
    },
    { identity: `https://${CONFIG_REF}`, issuer },
  );
}

/** A token in `SIGSTORE_ID_TOKEN`. */
export function storedToken(mint: TokenMint): IdentityDouble {
  const identity = 'https://ci.example.test/job';
  return stillDouble(
    { SIGSTORE_ID_TOKEN: mint.token({ subject: identity }) },
    { identity, issuer: mint.url },
  );
}
