import { type Env, textOf } from '../detected';

/**
 * The claims of an identity token of GitHub Actions that are facts of source and run.
 *
 * https://docs.github.com/actions/reference/security/oidc#oidc-token-claims
 */
export interface GithubClaims {
  readonly sha: string;
  readonly ref: string;
  readonly repository: string;
  readonly repository_id: string;
  readonly repository_owner_id: string;
  readonly event_name: string;
  /** `owner/name/.github/workflows/file.yml@refs/heads/main`. */
  readonly workflow_ref: string;
  /** The same of the workflow that has the job: another one if it is a reusable workflow. */
  readonly job_workflow_ref: string;
  /** `github-hosted` or `self-hosted`. */
  readonly runner_environment: string;
  readonly run_id: string;
  readonly run_attempt: string;
  readonly actor?: string;
  readonly head_ref?: string;
  readonly base_ref?: string;
}

const REQUIRED = [
  'sha',
  'ref',
  'repository',
  'repository_id',
  'repository_owner_id',
  'event_name',
  'workflow_ref',
  'job_workflow_ref',
  'runner_environment',
  'run_id',
  'run_attempt',
] as const satisfies readonly (keyof GithubClaims)[];

const OPTIONAL = [
  'actor',
  'head_ref',
  'base_ref',
] as const satisfies readonly (keyof GithubClaims)[];

/** Returns the claims; `undefined` if one is missing that every token of GitHub Actions has. */
export function parseGithubClaims(
  claims: Readonly<Record<string, unknown>>,
): GithubClaims | undefined {
  const texts = Object.fromEntries(
    [...REQUIRED, ...OPTIONAL].flatMap((name) => {
      const value = claims[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  ) as Partial<GithubClaims>;
  return REQUIRED.every((name) => texts[name] !== undefined) ? (texts as GithubClaims) : undefined;
}

/**
 * Returns the variables with the values of the claims: the service issues the claims for the job, while a step can
 * change variables.
 */
export function withClaims(env: Env, claims: GithubClaims | undefined): Env {
  if (claims === undefined) return env;
  const [, kind, name] = /^refs\/(heads|tags|pull)\/(.+)$/.exec(claims.ref) ?? [];
  return {
    ...env,
    GITHUB_SHA: claims.sha,
    GITHUB_REF: claims.ref,
    GITHUB_REF_NAME: name ?? claims.ref,
    GITHUB_REF_TYPE: kind === 'tags' ? 'tag' : 'branch',
    GITHUB_HEAD_REF: claims.head_ref,
    GITHUB_BASE_REF: claims.base_ref,
    GITHUB_REPOSITORY: claims.repository,
    GITHUB_EVENT_NAME: claims.event_name,
    GITHUB_RUN_ID: claims.run_id,
    GITHUB_RUN_ATTEMPT: claims.run_attempt,
    GITHUB_ACTOR: claims.actor ?? textOf(env, 'GITHUB_ACTOR'),
    RUNNER_ENVIRONMENT: claims.runner_environment,
  };
}
