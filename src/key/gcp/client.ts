import type { KeyManagementServiceClient } from '@google-cloud/kms';

import { SignedImageError } from '../../error';
import { parseBoundedJson } from '../../http/json-bounds';
import { optionalPackage } from '../../host/optional-package';
import type { KeyHost } from '../backend';

type Credentials = KeyManagementServiceClient['auth']['jsonContent'];
type ClientOptions = NonNullable<ConstructorParameters<typeof KeyManagementServiceClient>[0]>;

/** What gcloud calls it: for Private Service Connect, and for tests. */
const ENDPOINT = 'CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS';
const CREDENTIALS = 'GOOGLE_APPLICATION_CREDENTIALS';

const CALL_MS = 20_000;
const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;

/** Every call: a throttled one is tried again, too, which is safe as signing twice changes nothing. */
export const CALL_OPTIONS = {
  timeout: CALL_MS,
  retry: {
    retryCodes: [DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE],
    backoffSettings: {
      initialRetryDelayMillis: 200,
      retryDelayMultiplier: 2,
      maxRetryDelayMillis: 5000,
      initialRpcTimeoutMillis: CALL_MS,
      rpcTimeoutMultiplier: 1,
      maxRpcTimeoutMillis: CALL_MS,
      maxRetries: 4,
    },
  },
};

function wrong(code: 'KEY_FORBIDDEN' | 'KEY_SERVICE_FAILED', message: string, cause?: unknown) {
  return new SignedImageError({ code, message, cause });
}

function endpointOf({ env }: KeyHost): Pick<ClientOptions, 'apiEndpoint' | 'port'> {
  const text = env[ENDPOINT];
  if (!text) return {};
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') {
    throw wrong(
      'KEY_SERVICE_FAILED',
      `${ENDPOINT} must be an https URL, as in https://cloudkms-NAME.p.googleapis.com/`,
    );
  }
  return { apiEndpoint: url.hostname, port: url.port === '' ? 443 : Number(url.port) };
}

/**
 * The file is read here and not by the SDK: a message of a JSON parser quotes what it reads, and
 * that would be a private key.
 */
async function credentialsOf({ env, readFile }: KeyHost): Promise<Credentials | undefined> {
  const path = env[CREDENTIALS];
  if (!path) return undefined;
  let text: string;
  try {
    text = await readFile(path);
  } catch (error) {
    throw wrong(
      'KEY_FORBIDDEN',
      `${CREDENTIALS} names the file ${path}, which cannot be read`,
      error,
    );
  }
  try {
    return parseBoundedJson(text) as Credentials;
  } catch {
    throw wrong(
      'KEY_FORBIDDEN',
      `${CREDENTIALS} names the file ${path}, which is no JSON; it must be a service account key or a credential configuration of Google Cloud`,
    );
  }
}

/**
 * Loads the SDK. It asks nobody yet.
 *
 * @throws SignedImageError `PACKAGE_MISSING`; `KEY_FORBIDDEN` and `KEY_SERVICE_FAILED` for what is
 *   wrong in the environment
 */
export async function connectGcp(host: KeyHost): Promise<KeyManagementServiceClient> {
  const sdk = await optionalPackage(
    '@google-cloud/kms',
    'keys in Google Cloud KMS (gcpkms://)',
    () => import('@google-cloud/kms'),
  );
  const credentials = await credentialsOf(host);
  const client = new sdk.KeyManagementServiceClient(endpointOf(host));
  // Not by the option of that name, which prints a warning at everybody who uses it.
  if (credentials !== undefined) client.auth.jsonContent = credentials;
  return client;
}
