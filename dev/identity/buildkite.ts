import { randomBytes } from 'node:crypto';

import { json } from '../sigstore';
import { type IdentityDouble, startHttpDouble, type TokenMint } from './double';

const JOB = '0184990a-477b-4fa8-9968-496074483cee';

/**
 * The API from which a Buildkite agent requests a job's tokens, as the agent's own client uses it:
 * https://github.com/buildkite/agent/blob/main/api/oidc.go
 */
export async function buildkiteAgent(mint: TokenMint): Promise<IdentityDouble> {
  const access = randomBytes(24).toString('hex');
  const issuer = `${mint.url}/buildkite`;
  const claims = {
    iss: issuer,
    sub: 'organization:team:pipeline:app:ref:refs/heads/main:commit:8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567:step:sign',
    organization_slug: 'team',
    pipeline_slug: 'app',
    build_number: 1,
    build_branch: 'main',
    build_commit: '8d2a64a5b8e9f8f0c1e3b4a5d6c7e8f901234567',
    build_source: 'webhook',
    job_id: JOB,
    agent_id: '0184990a-4782-42b5-afc1-16715b10b8ff',
    runner_environment: 'buildkite-hosted',
  };
  const http = await startHttpDouble(({ method, path, headers, body }) => {
    if (method !== 'POST' || path !== `/v3/jobs/${JOB}/oidc/tokens`) {
      return json(404, { message: 'Not found' });
    }
    if (headers.authorization !== `Token ${access}`) return json(401, { message: 'Unauthorized' });
    const { audience = 'https://buildkite.com/team' } = JSON.parse(body.toString('utf8')) as {
      readonly audience?: string;
    };
    return json(200, { token: mint.token({ audience, claims, expiresIn: 300 }) });
  });
  return Object.assign(http, {
    env: {
      CI: 'true',
      BUILDKITE: 'true',
      BUILDKITE_AGENT_ACCESS_TOKEN: access,
      BUILDKITE_AGENT_ENDPOINT: `${http.url}/v3`,
      BUILDKITE_JOB_ID: JOB,
    },
    identity: { identity: 'https://buildkite.com/team/app', issuer },
  });
}
