import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms';

import { SignedImageError } from '../../error';
import { optionalPackage } from '../../host/optional-package';
import type { HttpSend } from '../../http/message';
import { proxyRules } from '../../http/proxy-rules';
import { createServiceClient, serviceClient } from '../../http/service-client';
import type { TlsOptions } from '../../http/tls-options';
import type { KeyHost } from '../backend';
import type { AwsKeyReference } from './reference';
import { awsRequestHandler } from './request-handler';

const load = () => import('@aws-sdk/client-kms');

type Sdk = Awaited<ReturnType<typeof load>>;

/** The SDK, and a client that is configured as cosign's is. */
export interface AwsConnection {
  readonly sdk: Sdk;
  readonly client: KMSClient;
}

function endpointOf({ endpoint }: AwsKeyReference, { env }: KeyHost): string | undefined {
  if (endpoint !== undefined) return `https://${endpoint}`;
  if (env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true') return undefined;
  return env['AWS_ENDPOINT_URL_KMS'] || env['AWS_ENDPOINT_URL'] || undefined;
}

/** cosign's SDK reads `AWS_DEFAULT_REGION` too; the one for Node does not. */
function regionOf({ region }: AwsKeyReference, { env }: KeyHost): string | undefined {
  return region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || undefined);
}

/** Keys in the environment come first, as in cosign's SDK; the SDK's own provider chain finds the rest. */
function credentialsOf({ env }: KeyHost): Pick<KMSClientConfig, 'credentials'> {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey) return {};
  const sessionToken = env['AWS_SESSION_TOKEN'];
  return {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
  };
}

async function authoritiesOf({ env, readFile }: KeyHost): Promise<Pick<TlsOptions, 'authorities'>> {
  const path = env['AWS_CA_BUNDLE'];
  if (!path) return {};
  try {
    return { authorities: [await readFile(path)] };
  } catch (error) {
    throw new SignedImageError({
      code: 'KEY_SERVICE_FAILED',
      message: `AWS_CA_BUNDLE names the file ${path}, which cannot be read; correct it or unset it`,
      cause: error,
    });
  }
}

/** Applies the variables for TLS that cosign's SDK reads and the one for Node does not. */
async function createSend(host: KeyHost): Promise<HttpSend> {
  const { env } = host;
  const tls = {
    ...(await authoritiesOf(host)),
    ...(env['AWS_TLS_INSECURE_SKIP_VERIFY'] === '1' && { rejectUnauthorized: false }),
  };
  if (Object.keys(tls).length === 0) return serviceClient(host);
  return createServiceClient({ proxies: proxyRules(env), tls });
}

/**
 * Loads the SDK, without sending a request.
 *
 * @throws SignedImageError `PACKAGE_MISSING`, `KEY_SERVICE_FAILED` for an unreadable `AWS_CA_BUNDLE`
 */
export async function connectAws(
  reference: AwsKeyReference,
  host: KeyHost,
): Promise<AwsConnection> {
  const sdk = await optionalPackage('@aws-sdk/client-kms', 'keys in AWS KMS (awskms://)', load);
  const endpoint = endpointOf(reference, host);
  const region = regionOf(reference, host);
  const profile = host.env['AWS_PROFILE'];
  const attempts = Number(host.env['AWS_MAX_ATTEMPTS']);
  const client = new sdk.KMSClient({
    ...credentialsOf(host),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(profile ? { profile } : {}),
    ...(Number.isInteger(attempts) && attempts > 0 ? { maxAttempts: attempts } : {}),
    requestHandler: awsRequestHandler(await createSend(host)),
  });
  return { sdk, client };
}

/** Returns the secrets that this client signs its requests with: services quote requests in their errors. */
export async function secretsOf(client: KMSClient): Promise<readonly string[]> {
  try {
    const { secretAccessKey, sessionToken } = await client.config.credentials();
    return [secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])];
  } catch {
    return [];
  }
}
