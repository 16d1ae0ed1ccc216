import type { Claims } from './json-web-token';

/** Fulcio's templates by kind of issuer, each with a claim that only this kind has. */
const TEMPLATES: readonly { readonly known: string; readonly name: (claims: Claims) => string }[] =
  [
    // https://github.com/sigstore/fulcio/blob/v1.8.8/config/identity/config.yaml (ci-issuer-metadata)
    {
      known: 'job_workflow_ref',
      name: (claims) => `https://github.com/${String(claims['job_workflow_ref'])}`,
    },
    {
      known: 'ci_config_ref_uri',
      name: (claims) => `https://${String(claims['ci_config_ref_uri'])}`,
    },
    {
      known: 'pipeline_slug',
      name: (claims) =>
        `https://buildkite.com/${String(claims['organization_slug'])}/${String(claims['pipeline_slug'])}`,
    },
    {
      known: 'oidc.circleci.com/pipeline-definition-id',
      name: (claims) =>
        `https://circleci.com/api/v2/projects/${String(claims['oidc.circleci.com/project-id'])}` +
        `/pipeline-definitions/${String(claims['oidc.circleci.com/pipeline-definition-id'])}`,
    },
    // https://github.com/sigstore/fulcio/blob/v1.8.8/pkg/identity/kubernetes/principal.go
    { known: 'kubernetes.io', name: (claims) => kubernetesName(claims['kubernetes.io']) },
  ];

function kubernetesName(claim: unknown): string {
  const { namespace, serviceaccount } = claim as {
    readonly namespace: string;
    readonly serviceaccount: { readonly name: string };
  };
  return `https://kubernetes.io/namespaces/${namespace}/serviceaccounts/${serviceaccount.name}`;
}

/** The subject alternative name: by the template of the issuer's kind, or else the e-mail address or the subject. */
export function subjectAlternativeName(claims: Claims, otherwise: string): string {
  const template = TEMPLATES.find(({ known }) => claims[known] !== undefined);
  return template === undefined ? otherwise : template.name(claims);
}
