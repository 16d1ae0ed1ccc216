import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { json, type ServiceAnswer, type ServiceRequest } from '../sigstore';
import { type IdentityDouble, startHttpDouble, type TokenMint } from './double';

const MACHINE = 'machine@project.iam.gserviceaccount.test';
const SIGNER = 'signer@project.iam.gserviceaccount.test';
const ACCOUNT = '/computeMetadata/v1/instance/service-accounts/default';
const FLAVOR = { 'metadata-flavor': 'Google' };

/** Google Cloud: a machine's metadata server, IAM's credentials API and its token exchange. */
export interface GoogleDouble extends IdentityDouble {
  /** The environment in which the machine's account impersonates another account. */
  readonly impersonation: Pick<IdentityDouble, 'env' | 'identity'>;
  /** The same from outside of Google, by workload identity federation with this credential file. */
  readonly federation: Pick<IdentityDouble, 'env' | 'identity'>;
}

export async function googleCloud(mint: TokenMint): Promise<GoogleDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'signed-image-google-'));
  const issuer = `${mint.url}/google`;
  const access = randomBytes(24).toString('base64url');
  const tokenFor = (email: string, audience: string): string =>
    mint.token({
      audience,
      email,
      claims: { iss: issuer, sub: '104029292853099978293', azp: '104029292853099978293' },
      expiresIn: 3600,
    });

  /** https://cloud.google.com/compute/docs/instances/verifying-instance-identity */
  const metadata = ({ path, query, headers }: ServiceRequest): ServiceAnswer => {
    if (headers['metadata-flavor'] !== 'Google') return { status: 403, headers: FLAVOR };
    if (path === `${ACCOUNT}/token`) {
      const answer = { access_token: access, expires_in: 3599, token_type: 'Bearer' };
      return json(200, answer, FLAVOR);
    }
    const audience = query.get('audience');
    if (path !== `${ACCOUNT}/identity` || !audience) return { status: 404, headers: FLAVOR };
    return { status: 200, headers: FLAVOR, body: tokenFor(MACHINE, audience) };
  };

  /** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken */
  const credentials = ({ path, headers, body }: ServiceRequest): ServiceAnswer => {
    if (headers.authorization !== `Bearer ${access}`) {
      return json(401, { error: { code: 401, status: 'UNAUTHENTICATED' } });
    }
    const account = /^\/v1\/projects\/-\/serviceAccounts\/([^/]+):generateIdToken$/.exec(path)?.[1];
    if (decodeURIComponent(account ?? '') !== SIGNER) {
      return json(403, { error: { code: 403, status: 'PERMISSION_DENIED' } });
    }
    const { audience, includeEmail } = JSON.parse(body.toString('utf8')) as {
      readonly audience: string;
      readonly includeEmail?: boolean;
    };
    if (includeEmail !== true) return json(400, { error: { code: 400 } });
    return json(200, { token: tokenFor(SIGNER, audience) });
  };

  /** https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
  const exchange = ({ body }: ServiceRequest): ServiceAnswer => {
    const form = new URLSearchParams(body.toString('utf8'));
    return form.get('subject_token') === 'subject'
      ? json(200, {
          access_token: access,
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          token_type: 'Bearer',
          expires_in: 3600,
        })
      : json(400, { error: 'invalid_grant' });
  };

  const http = await startHttpDouble((request) => {
    if (request.path.startsWith('/computeMetadata/')) return metadata(request);
    if (request.path.startsWith('/v1/projects/')) return credentials(request);
    return request.path === '/sts/token' ? exchange(request) : json(404, {});
  });

  await writeFile(join(folder, 'subject'), 'subject');
  const file = join(folder, 'federation.json');
  await writeFile(
    file,
    JSON.stringify({
      type: 'external_account',
      audience:
        '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/ci',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${http.url}/sts/token`,
      credential_source: { file: join(folder, 'subject') },
    }),
  );

  const impersonating = {
    GOOGLE_SERVICE_ACCOUNT_NAME: SIGNER,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: `${http.url}/`,
  };
  const machine = { GCE_METADATA_HOST: new URL(http.url).host };
  const signer = { identity: SIGNER, issuer };
  const { stop } = http;
  return Object.assign(http, {
    env: machine,
    identity: { identity: MACHINE, issuer },
    impersonation: { env: { ...machine, ...impersonating }, identity: signer },
    federation: {
      env: { ...impersonating, GOOGLE_APPLICATION_CREDENTIALS: file },
      identity: signer,
    },
    stop: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  });
}
