import type { Host } from '../host/host';
import type { HttpHost } from '../http/message';
import { serviceClient } from '../http/service-client';
import { optionalPackage } from '../host/optional-package';
import { isOnGoogleCloud, metadataAccessToken } from './google-metadata';
import type { TokenSource } from './identity-provider';
import { credentialUrl, jsonMember, requestToken, unavailable } from './token-request';

type GoogleHost = Pick<Host, 'env' | 'readFile'> & Pick<HttpHost, 'send'>;

/** The service account to impersonate; cosign reads the same variable. */
export const GOOGLE_ACCOUNT_VARIABLE = 'GOOGLE_SERVICE_ACCOUNT_NAME';
/** A key, a workload identity federation or a user's login: https://google.aip.dev/auth/4110 */
const CREDENTIALS_VARIABLE = 'GOOGLE_APPLICATION_CREDENTIALS';
/** gcloud's own setting for another address of this API. */
const ENDPOINT_VARIABLE = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS';
const DEFAULT_ENDPOINT = 'https://iamcredentials.googleapis.com/';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const ACCOUNT = /^[^\s@/]+@[^\s@/]+$/;

/**
 * Requests tokens of a service account that the caller may impersonate:
 * https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken
 */
export function googleImpersonationSource(host: GoogleHost, audience: string): TokenSource {
  const account = host.env[GOOGLE_ACCOUNT_VARIABLE]?.trim() ?? '';
  return {
    name: `the identity token of the Google service account ${account || '(none)'}`,
    local: false,
    property: 'keyless',
    read: async () => {
      if (!ACCOUNT.test(account)) {
        throw unavailable(
          `${GOOGLE_ACCOUNT_VARIABLE} must be the e-mail address of the service account to impersonate`,
        );
      }
      const url = endpointOf(host);
      url.pathname = `/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:generateIdToken`;
      const access = await accessToken(host);
      return requestToken(
        {
          service: 'IAM of Google Cloud',
          url,
          method: 'POST',
          headers: { authorization: `Bearer ${access}`, 'content-type': 'application/json' },
          body: JSON.stringify({ audience, includeEmail: true }),
          secrets: [access],
          advice: (status) => adviceFor(status, account),
          tokenIn: (body) => jsonMember(body, 'token'),
        },
        serviceClient(host),
      );
    },
  };
}

function endpointOf({ env }: GoogleHost): URL {
  return credentialUrl(ENDPOINT_VARIABLE, env[ENDPOINT_VARIABLE] || DEFAULT_ENDPOINT);
}

function adviceFor(status: number, account: string): string | undefined {
  if (status === 401) return 'log in again, or check the credentials of this machine';
  if (status !== 403 && status !== 404) return undefined;
  return (
    `${account} must exist, and the caller needs roles/iam.serviceAccountOpenIdTokenCreator on it; ` +
    'the IAM Service Account Credentials API must be enabled'
  );
}

async function accessToken(host: GoogleHost): Promise<string> {
  const isElsewhere = Boolean(host.env[CREDENTIALS_VARIABLE]) || !(await isOnGoogleCloud(host));
  return isElsewhere ? defaultAccessToken() : metadataAccessToken(host);
}

/**
 * Uses Google's library, as there are many types of credential files and token exchanges. It finds
 * them by the environment of this process.
 */
async function defaultAccessToken(): Promise<string> {
  const { GoogleAuth } = await optionalPackage(
    'google-auth-library',
    'credential files of Google Cloud',
    () => import('google-auth-library'),
  );
  let reason = 'no token';
  try {
    const auth = new GoogleAuth({
      scopes: [SCOPE],
      // Not needed here, and without it the library requests it from gcloud and the metadata server.
      projectId: '-',
    });
    const token = await auth.getAccessToken();
    if (token) return token;
  } catch (error) {
    // Its errors quote the file, the request and the response: only their short code is reported.
    const { code, status } = error as { readonly code?: unknown; readonly status?: unknown };
    reason = String(code ?? status ?? 'none found').slice(0, 40);
  }
  throw unavailable(
    `Google's application default credentials did not provide an access token (${reason}); check that ` +
      `the file of ${CREDENTIALS_VARIABLE} exists and that its account may be used from here`,
  );
}
