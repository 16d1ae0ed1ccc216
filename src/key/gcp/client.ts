import type { KeyManagementServiceClient } from '@google-cloud/kms';

import { SignedImageError } from '../../error';
import { parseBoundedJson } from '../../http/json-bounds';
import { optionalPackage } from '../../host/optional-package';
import type { KeyHost } from '../backend';

type Credentials = KeyManagementServiceClient['auth']['jsonContent'];
type ClientOptions = NonNullable<ConstructorParameters<typeof KeyManagementServiceClient>[0]>;

/** The name that gcloud uses: for Private Service Connect, and for tests. */
const ENDPOINT = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS';
const CREDENTIALS = 'GOOGLE_APPLICATION_CREDENTIALS';

const CALL_TIMEOUT_MS = 20_000;
const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;

/** Options of every call. Throttled calls are retried too, which is safe as signing twice changes nothing. */
export const CALL_OPTIONS = {
  timeout: CALL_TIMEOUT_MS,
  retry: {
    retryCodes: [DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE],
    backoffSettings: {
      initialRetryDelayMillis: 200,
      retryDelayMultiplier: 2,
      maxRetryDelayMillis: 5000,
      initialRpcTimeoutMillis: CALL_TIMEOUT_MS,
      rpcTimeoutMultiplier: 1,
      maxRpcTimeoutMillis: CALL_TIMEOUT_MS,
      maxRetries: 4,
    },
  },
};

function configurationError(
  code: 'KEY_FORBIDDEN' | 'KEY_SERVICE_FAILED',
  message: string,
  cause?: unknown,
) {
  return new SignedImageError({ code, message, cause });
}

function endpointOf({ env }: KeyHost): Pick<ClientOptions, 'apiEndpoint' | 'port'> {
  const text = env[ENDPOINT];
  if (!text) return {};
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') {
    throw configurationError(
      'KEY_SERVICE_FAILED',
      `${ENDPOINT} must be an https URL, as in https://cloudkms-NAME.p.googleapis.com/`,
    );
  }
  return { apiEndpoint: url.hostname, port: url.port === '' ? 443 : Number(url.port) };
}

/**
 * Reads the file here and not in the SDK: the message of a JSON parser quotes its input, which would
 * be a private key.
 */
async function credentialsOf({ env, readFile }: KeyHost): Promise<Credentials | undefined> {
  const path = env[CREDENTIALS];
  if (!path) return undefined;
  let text: string;
  try {
    text = await readFile(path);
  } catch (error) {
    throw configurationError(
      'KEY_FORBIDDEN',
      `${CREDENTIALS} names the file ${path}, which cannot be read`,
      error,
    );
  }
  try {
    return parseBoundedJson(text) as Credentials;
  } catch {
    throw configurationError(
      'KEY_FORBIDDEN',
      `${CREDENTIALS} names the file ${path}, which is not JSON; it must be a service account key or a credential configuration of Google Cloud`,
    );
  }
}

/**
 * Loads the SDK, without sending a request.
 *
 * @throws SignedImageError `PACKAGE_MISSING`; `KEY_FORBIDDEN` and `KEY_SERVICE_FAILED` for invalid
 *   environment variables
 */
export async function connectGcp(host: KeyHost): Promise<KeyManagementServiceClient> {
  const sdk = await optionalPackage(
    '@google-cloud/kms',
    'keys in Google Cloud KMS (gcpkms://)',
    () => import('@google-cloud/kms'),
  );
  const credentials = await credentialsOf(host);
  const client = new sdk.KeyManagementServiceClient(endpointOf(host));
  // Not with the option of that name, which prints a warning whenever it is used.
  if (credentials !== undefined) client.auth.jsonContent = credentials;
  return client;
}
