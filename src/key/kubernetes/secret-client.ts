import { setTimeout as delay } from 'node:timers/promises';

import type * as Kubernetes from '@kubernetes/client-node' with { 'resolution-mode': 'import' };

import { optionalPackage } from '../../host/optional-package';
import type { KeyHost } from '../backend';
import { clusterConfig } from './cluster-config';
import { clusterFailure, type ClusterRequest, statusOf } from './cluster-failure';
import { bounded, coreApi, secretsOf } from './core-api';
import type { SecretReference } from './secret-reference';

/** The members of a secret, decoded. Secret. */
export type SecretData = Readonly<Record<string, Buffer>>;

/** The secrets of a cluster. Its errors are those of {@link clusterFailure}. */
export interface SecretClient {
  /** Address of the API server. */
  readonly server: string;
  read(secret: SecretReference): Promise<SecretData>;
  /** Makes an immutable secret, and changes none that exists. */
  create(secret: SecretReference, data: Readonly<Record<string, string>>): Promise<void>;
}

export interface SecretClientOptions {
  /** Milliseconds for one question, with all that a credential plugin takes. Default: 20000. */
  readonly timeoutMs?: number;
  /** Folder of a pod's credentials. */
  readonly serviceAccount?: string;
}

const ATTEMPTS = 3;
const PAUSE_MS = 400;
const TIMEOUT_MS = 20_000;

function worthAnother(verb: ClusterRequest['verb'], error: unknown): boolean {
  const status = statusOf(error);
  // Refused before it was looked at. After anything else a creation may have happened.
  if (status === 429) return true;
  return verb === 'get' && (status === undefined ? isNetwork(error) : status >= 500);
}

/** undici's `fetch failed`; a plugin's or a file's failure does not go away by asking again. */
function isNetwork(error: unknown): boolean {
  return error instanceof TypeError;
}

/**
 * Loads the client and the configuration; asks nobody yet.
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

  const ask = async <T>(
    question: ClusterRequest,
    secrets: readonly string[],
    call: (api: Kubernetes.CoreV1Api) => Promise<T>,
  ): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await bounded(timeoutMs, (signal) => call(coreApi(library, config, signal)));
      } catch (error) {
        if (attempt < ATTEMPTS && worthAnother(question.verb, error)) {
          await delay(PAUSE_MS * attempt);
          continue;
        }
        throw clusterFailure(question, error, [...secretsOf(config), ...secrets]);
      }
    }
  };

  return {
    server,
    read: async (secret) => {
      const found = await ask({ verb: 'get', secret, server }, [], (api) =>
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
      const question = { verb: 'create', secret, server } as const;
      await ask(question, Object.values(stringData), (api) =>
        api.createNamespacedSecret({ namespace: secret.namespace, body }),
      );
    },
  };
}
