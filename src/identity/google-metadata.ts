import type { Host } from '../host/host';
import type { HttpHost } from '../http/message';
import { directClient } from '../http/service-client';
import type { TokenSource } from './identity-provider';
import { jsonMember, type TokenRequest, requestToken } from './token-request';

type GoogleHost = Pick<Host, 'env' | 'readFile'> & Pick<HttpHost, 'send'>;

/** https://cloud.google.com/compute/docs/metadata/querying-metadata */
const HOST_VARIABLE = 'GCE_METADATA_HOST';
const DEFAULT_HOST = '169.254.169.254';
const ACCOUNT = '/computeMetadata/v1/instance/service-accounts/default';
const FLAVOR = 'Metadata-Flavor';
/** Set in Cloud Run's services and jobs. */
const CLOUD_RUN = ['K_SERVICE', 'CLOUD_RUN_JOB'] as const;
/** What the firmware of a machine of Google's says; seen in its containers too. */
const PRODUCT = '/sys/class/dmi/id/product_name';

/** Whether this is a machine of Google's. No request is sent: a probe of the network takes seconds elsewhere. */
export async function isOnGoogleCloud({ env, readFile }: GoogleHost): Promise<boolean> {
  if (env[HOST_VARIABLE] || CLOUD_RUN.some((name) => env[name])) return true;
  const product = await readFile(PRODUCT).catch(() => '');
  return product.startsWith('Google');
}

function metadataRequest(
  { env }: GoogleHost,
  what: string,
  path: string,
  tokenIn: (body: string) => unknown,
): TokenRequest {
  const host = env[HOST_VARIABLE] || DEFAULT_HOST;
  return {
    service: `Google's metadata server (${host})`,
    what,
    // Plain http by design: the address is the machine's own. A proxy would answer for another machine.
    url: new URL(`http://${host}${ACCOUNT}${path}`),
    headers: { [FLAVOR]: 'Google' },
    secrets: [],
    advice: (status) =>
      status === 403 || status === 404
        ? 'attach a service account to the machine, or bind one to the Kubernetes service account (Workload Identity)'
        : undefined,
    // Something else at this address (a login page of a network) does not say so.
    tokenIn: (body, headers) =>
      headers[FLAVOR.toLowerCase()] === 'Google' ? tokenIn(body) : undefined,
  };
}

/** The service account of the machine, of the Cloud Run service or of the pod. */
export function googleMetadataSource(host: GoogleHost, audience: string): TokenSource {
  const query = new URLSearchParams({ audience, format: 'full' });
  return {
    name: "the identity token of Google's metadata server",
    local: false,
    property: 'keyless',
    read: () =>
      requestToken(
        metadataRequest(host, 'an identity token', `/identity?${query}`, (body) => body),
        directClient(host),
      ),
  };
}

/** The same account's access token for Google's APIs. */
export function metadataAccessToken(host: GoogleHost): Promise<string> {
  return requestToken(
    metadataRequest(host, 'an access token', '/token', (body) => jsonMember(body, 'access_token')),
    directClient(host),
  );
}
