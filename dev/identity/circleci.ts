import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { json } from '../sigstore';
import { type IdentityDouble, startHttpDouble, type TokenMint } from './double';

const ORGANIZATION = 'a64b0a19-f221-4291-b000-8d24bd842b72';
const PROJECT = '5a301f56-eaa7-4cce-9441-37810f7c8452';
const DEFINITION = '17c50866-1802-5aeb-874e-7f4dfce1b6b5';

/** The command that exists in every job: https://circleci.com/docs/oidc-tokens-with-custom-claims/ */
const COMMAND = `#!/usr/bin/env node
const [run, oidc, get, flag, claims, ...rest] = process.argv.slice(2);
const usage = run === 'run' && oidc === 'oidc' && get === 'get' && flag === '--claims' && rest.length === 0;
const response = usage ? fetch(process.env.CIRCLECI_DOUBLE, { method: 'POST', body: claims }) : Promise.reject();
response
  .then(async (answer) => {
    if (!answer.ok) throw new Error();
    process.stdout.write((await answer.text()) + '\\n');
  })
  .catch(() => (process.exitCode = 1));
`;

/** A job of CircleCI: tokens for its organization in the environment, others by the command. */
export async function circleCiJob(mint: TokenMint): Promise<IdentityDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'signed-image-circleci-'));
  const issuer = `${mint.url}/org/${ORGANIZATION}`;
  const claims = {
    iss: issuer,
    sub: `org/${ORGANIZATION}/project/${PROJECT}/user/cb32986e-2f6f-4f43-b2bd-d3c2fd98e903`,
    'oidc.circleci.com/org-id': ORGANIZATION,
    'oidc.circleci.com/project-id': PROJECT,
    'oidc.circleci.com/pipeline-definition-id': DEFINITION,
    'oidc.circleci.com/pipeline-id': 'cd267951-f409-44fc-a0f0-81512f5840b0',
    'oidc.circleci.com/vcs-origin': 'github.com/team/app',
    'oidc.circleci.com/vcs-ref': 'refs/heads/main',
    'oidc.circleci.com/ssh-rerun': false,
  };
  const http = await startHttpDouble(({ body }) => {
    const { aud: audience } = JSON.parse(body.toString('utf8')) as { readonly aud?: unknown };
    if (typeof audience !== 'string') return json(400, {});
    return { status: 200, body: mint.token({ audience, claims }) };
  });
  const command = join(folder, 'circleci');
  await writeFile(command, COMMAND);
  await chmod(command, 0o755);
  const { stop } = http;
  return Object.assign(http, {
    env: {
      CI: 'true',
      CIRCLECI: 'true',
      CIRCLECI_DOUBLE: http.url,
      CIRCLE_OIDC_TOKEN: mint.token({ audience: ORGANIZATION, claims }),
      CIRCLE_OIDC_TOKEN_V2: mint.token({ audience: ORGANIZATION, claims }),
      PATH: [folder, process.env['PATH']].join(delimiter),
    },
    identity: {
      identity: `https://circleci.com/api/v2/projects/${PROJECT}/pipeline-definitions/${DEFINITION}`,
      issuer,
    },
    stop: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  });
}
