/** The claims that are used; a token may have more. */
export interface IdentityClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly exp: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly email?: string;
  readonly email_verified?: boolean | string;
  readonly [claim: string]: unknown;
}

type Rule = (claims: IdentityClaims) => string | undefined;

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** The job's workflow: for a reusable workflow the called one, not the caller. */
const githubWorkflow: Rule = ({ repository, job_workflow_ref: ref }) =>
  text(repository) && text(ref) && `https://github.com/${String(ref)}`;

const gitlabPipeline: Rule = ({ ci_config_ref_uri: ref }) => text(ref) && `https://${String(ref)}`;

const buildkitePipeline: Rule = ({ organization_slug: organization, pipeline_slug: pipeline }) =>
  text(organization) &&
  text(pipeline) &&
  `https://buildkite.com/${String(organization)}/${String(pipeline)}`;

const circlePipeline: Rule = (claims) => {
  const project = text(claims['oidc.circleci.com/project-id']);
  const definition = text(claims['oidc.circleci.com/pipeline-definition-id']);
  const api = text(claims['api_url']) ?? 'https://circleci.com/api/v2';
  return project && definition && `${api}/projects/${project}/pipeline-definitions/${definition}`;
};

interface KubernetesClaims {
  readonly namespace?: unknown;
  readonly serviceaccount?: { readonly name?: unknown };
}

const kubernetesAccount: Rule = ({ 'kubernetes.io': claims }) => {
  const { namespace, serviceaccount } = (claims ?? {}) as KubernetesClaims;
  const account = text(serviceaccount?.name);
  return (
    text(namespace) &&
    account &&
    `https://kubernetes.io/namespaces/${String(namespace)}/serviceaccounts/${account}`
  );
};

/**
 * Fulcio derives the subject by the type of the issuer; each type is recognized by claims that only
 * it has: https://github.com/sigstore/fulcio/blob/v1.8.8/config/identity/config.yaml
 */
const RULES: readonly Rule[] = [
  ({ email }) => text(email),
  githubWorkflow,
  gitlabPipeline,
  buildkitePipeline,
  circlePipeline,
  kubernetesAccount,
];

function subjectByRule(claims: IdentityClaims): string | undefined {
  for (const rule of RULES) {
    const subject = rule(claims);
    if (subject) return subject;
  }
  return undefined;
}

/** Returns the subject alternative name that Fulcio will put in the certificate: by a rule, else the `sub` claim. */
export function certificateSubject(claims: IdentityClaims): string {
  return subjectByRule(claims) ?? claims.sub;
}

/** The branch or tag of a workflow's file. */
const GIT_REF = /@refs\/.*$/;

/**
 * Returns the part of {@link certificateSubject} that is the same in every run: without the branch, and
 * `undefined` for unknown issuers, because some CI systems put the job's number into the subject.
 */
export function stableSubject(claims: IdentityClaims): string | undefined {
  const subject = subjectByRule(claims);
  if (subject !== undefined) return subject.replace(GIT_REF, '');
  return claims.sub.startsWith('spiffe://') ? claims.sub : undefined;
}
