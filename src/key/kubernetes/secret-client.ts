import { setTimeout as delay } from 'node:timers/promises';

import type * as Kubernetes from '@kubernetes/client-node' with { 'resolution-mode': 'import' };

import { optionalPackage } from '../../host/optional-package';
import type { KeyHost } from '../backend';
import { clusterConfig } from './cluster-config';
import { clusterFailure, type ClusterRequest, statusOf } from './cluster-failure';
import { bounded, coreApi, secretsOf } from './core-api';
import type { SecretReference } from './secret-reference';

/** The data of a secret, decoded. Secret. */
export type SecretData = Readonly<Record<string, Buffer>>;

/** A client for the secrets of a cluster. Its errors are those of {@link clusterFailure}. */
export interface SecretClient {
  /** Address of the API server. */
  readonly server: string;
  read(secret: SecretReference): Promise<SecretData>;
  /** Creates an immutable secret; an existing one is not changed. */
  create(secret: SecretReference, data: Readonly<Record<string, string>>): Promise<void>;
}

export interface SecretClientOptions {
  /** Milliseconds for one request, including the credential plugin. Default: 20000. */
  readonly timeoutMs?: number;
  /** Folder of a pod's credentials. */
  readonly serviceAccount?: string;
}

const ATTEMPTS = 3;
const RETRY_DELAY_MS = 400;
const TIMEOUT_MS = 20_000;

function isRetryable(verb: ClusterRequest['verb'], error: unknown): boolean {
  const status = statusOf(error);
  // Rejected before it was processed. After any other failure the secret may have been created.
  if (status === 429) return true;
  return verb === 'get' && (status === undefined ? isNetwork(error) : status >= 500);
}

/** undici's `fetch failed`; retrying does not help after the failure of a plugin or a file. */
function isNetwork(error: unknown): boolean {
  return error instanceof TypeError;
}

/**
 * Loads the client and the configuration, without sending a request.
 *
 * @throws SignedImageError `PACKAGE_MISSING`, `KEY_SERVICE_FAILED`
 */
export async function openSecretClient(
  host: KeyHost,
  { timeoutMs = TIMEOUT_MS, serviceAccount }: SecretClientOptions = {},
): Promise<SecretClient> {
  const library = await optionalPackage(
    '@kubernetes/client-node',
    'keys in Kubernetes (k8s://)',
    () => import('@kubernetes/client-node'),
  );
  const config = await clusterConfig(library, host, serviceAccount);
  const server = config.getCurrentCluster()?.server ?? '';

  const send = async <T>(
    request: ClusterRequest,
    secrets: readonly string[],
    call: (api: Kubernetes.CoreV1Api) => Promise<T>,
  ): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await bounded(timeoutMs, (signal) => call(coreApi(library, config, signal)));
      } catch (error) {
        if (attempt < ATTEMPTS && isRetryable(request.verb, error)) {
          await delay(RETRY_DELAY_MS * attempt);
          continue;
        }
        throw clusterFailure(request, error, [...secretsOf(config), ...secrets]);
      }
    }
  };

  return {
    server,
    read: async (secret) => {
      const found = await send({ verb: 'get', secret, server }, [], (api) =>
        api.readNamespacedSecret({ name: secret.name, namespace: secret.namespace }),
      );
      const data = Object.entries(found.data ?? {});
      return Object.fromEntries(data.map(([name, text]) => [name, Buffer.from(text, 'base64')]));
    },
    create: async (secret, stringData) => {
      const body = {
        metadata: { name: secret.name, namespace: secret.namespace },
        immutable: true,
        stringData: { ...stringData },
      };
      const request = { verb: 'create', secret, server } as const;
      await send(request, Object.values(stringData), (api) =>
        api.createNamespacedSecret({ namespace: secret.namespace, body }),
      );
    },
  };
}
