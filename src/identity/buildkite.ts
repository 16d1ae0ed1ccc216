import type { Host } from '../host/host';
import type { HttpHost } from '../http/message';
import { serviceClient } from '../http/service-client';
import type { TokenSource } from './identity-provider';
import { credentialUrl, jsonMember, requestToken, unavailable } from './token-request';

/** The variables that the agent sets for a job: https://buildkite.com/docs/pipelines/configure/environment-variables */
const ACCESS_TOKEN = 'BUILDKITE_AGENT_ACCESS_TOKEN';
const ENDPOINT = 'BUILDKITE_AGENT_ENDPOINT';
const JOB = 'BUILDKITE_JOB_ID';
const DEFAULT_ENDPOINT = 'https://agent.buildkite.com/v3';

export function hasBuildkiteCredential({ env }: Pick<Host, 'env'>): boolean {
  return Boolean(env[ACCESS_TOKEN]) && Boolean(env[JOB]);
}

/** Requests tokens from the agent's API, as `buildkite-agent oidc request-token` and cosign do. */
export function buildkiteSource(host: HttpHost, audience: string): TokenSource {
  const { env } = host;
  return {
    name: 'the identity token of Buildkite',
    local: false,
    property: 'keyless',
    read: async () => {
      const access = env[ACCESS_TOKEN];
      const job = env[JOB];
      if (!access || !job) {
        throw unavailable(
          `${ACCESS_TOKEN} and ${JOB} are not set: run in a Buildkite job, and pass both on if the job runs a container`,
        );
      }
      const endpoint = credentialUrl(ENDPOINT, env[ENDPOINT] || DEFAULT_ENDPOINT);
      endpoint.pathname = `${endpoint.pathname.replace(/\/+$/, '')}/jobs/${encodeURIComponent(job)}/oidc/tokens`;
      return requestToken(
        {
          service: 'Buildkite',
          url: endpoint,
          method: 'POST',
          headers: {
            authorization: `Token ${access}`,
            'content-type': 'application/json',
            accept: 'application/json',
          },
          body: JSON.stringify({ audience }),
          secrets: [access],
          advice: (status) =>
            status === 401 || status === 403 || status === 404
              ? `the job must still be running, and ${ACCESS_TOKEN} and ${JOB} must be its own`
              : undefined,
          tokenIn: (body) => jsonMember(body, 'token'),
        },
        serviceClient(host),
      );
    },
  };
}
