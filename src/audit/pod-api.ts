import { setTimeout as delay } from 'node:timers/promises';

import type * as Kubernetes from '@kubernetes/client-node' with { 'resolution-mode': 'import' };

import { SignedImageError } from '../error';
import type { SigningHost } from '../sign';
import { bounded, clusterConfig, coreApi, secretsOf, statusOf } from '../key/kubernetes';
import { optionalPackage } from '../host/optional-package';
import { podListFailure } from './cluster-failure';
import { containersOfPod, type Pod } from './pod-containers';
import type { ContainerSource, RunningContainer } from './running-container';

export interface PodApiOptions {
  /** Context in kubeconfig. Default: the current context. */
  readonly context?: string | undefined;
  /** Pods per page. Default: 250, because a page is in memory as text and as objects. */
  readonly pageSize?: number | undefined;
  /** Timeout of one page in milliseconds, including a credential plugin. Default: 60000. */
  readonly timeoutMs?: number | undefined;
  /** Delay before a retry in milliseconds, times the attempt. Default: 500. */
  readonly pauseMs?: number | undefined;
}

const ATTEMPTS = 3;
/** The continue token has expired: the list must be restarted. */
const EXPIRED = 410;
const RESTARTS = 3;

interface Page {
  readonly pods: readonly Pod[];
  /** Continue token of the next page; empty for the last page. */
  readonly next: string;
}

function isRetryable(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined ? error instanceof TypeError : status === 429 || status >= 500;
}

/** Selects a context instead of the current one. */
function selectContext(config: Kubernetes.KubeConfig, context: string | undefined): void {
  if (context === undefined) return;
  const contexts = config.getContexts().map(({ name }) => name);
  if (!contexts.includes(context)) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `kubeconfig has no context ${JSON.stringify(context)}; available contexts: ${contexts.join(', ') || 'none'}`,
    });
  }
  config.setCurrentContext(context);
}

function repeatedPageError(server: string): SignedImageError {
  return new SignedImageError({
    code: 'CLUSTER_UNREADABLE',
    message: `cluster ${server} returned the same page of pods repeatedly; check for a proxy in front of the API server`,
  });
}

async function loadConfig(library: typeof Kubernetes, host: Pick<SigningHost, 'env' | 'readFile'>) {
  try {
    return await clusterConfig(library, host);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    const { message, cause } = error;
    throw new SignedImageError({ code: 'CLUSTER_UNREADABLE', message, cause });
  }
}

/**
 * Opens the API of the cluster in kubeconfig (`KUBECONFIG`, otherwise `~/.kube/config`), otherwise of the
 * cluster in which this process runs as a pod. Loads the client and the configuration without a request.
 *
 * @throws SignedImageError `PACKAGE_MISSING`, `CLUSTER_UNREADABLE`, and `INPUT_INVALID` for a
 *   context that kubeconfig does not have
 */
export async function openPodApi(
  host: Pick<SigningHost, 'env' | 'readFile'>,
  { context, pageSize = 100, timeoutMs = 60_000, pauseMs = 500 }: PodApiOptions = {},
): Promise<ContainerSource> {
  const library = await optionalPackage(
    '@kubernetes/client-node',
    'audits of a cluster',
    () => import('@kubernetes/client-node'),
  );
  const config = await loadConfig(library, host);
  selectContext(config, context);
  const server = config.getCurrentCluster()?.server ?? '';

  const getPage = async (namespace: string | undefined, from: string): Promise<Page> => {
    const paging = { limit: pageSize, ...(from !== '' && { _continue: from }) };
    for (let attempt = 1; ; attempt += 1) {
      try {
        const list = await bounded(timeoutMs, (signal) => {
          const api = coreApi(library, config, signal);
          return namespace === undefined
            ? api.listPodForAllNamespaces(paging)
            : api.listNamespacedPod({ namespace, ...paging });
        });
        return { pods: list.items ?? [], next: list.metadata?._continue ?? '' };
      } catch (error) {
        if (attempt >= ATTEMPTS || !isRetryable(error)) throw error;
        await delay(pauseMs * attempt);
      }
    }
  };

  /** Lists containers by the uid of their pod, because a restarted list repeats pods. Pods themselves are not kept. */
  const listContainers = async (
    namespace: string | undefined,
  ): Promise<readonly RunningContainer[]> => {
    const pods = new Map<string, readonly RunningContainer[]>();
    let from = '';
    for (let restarts = 0; ;) {
      const page = await getPage(namespace, from).catch((error: unknown) => {
        if (statusOf(error) !== EXPIRED || restarts >= RESTARTS) throw error;
        return undefined;
      });
      if (page === undefined) {
        restarts += 1;
        pods.clear();
        from = '';
        continue;
      }
      for (const pod of page.pods) {
        const { uid, namespace: within, name } = pod.metadata ?? {};
        pods.set(uid ?? `${within}/${name}`, containersOfPod(pod));
      }
      if (page.next === '') break;
      if (page.next === from) throw repeatedPageError(server);
      from = page.next;
    }
    return [...pods.values()].flat();
  };

  return {
    server,
    containers: async (namespaces) => {
      const scopes = namespaces.length === 0 ? [undefined] : [...new Set(namespaces)];
      const found: RunningContainer[] = [];
      for (const namespace of scopes) {
        try {
          for (const each of await listContainers(namespace)) found.push(each);
        } catch (error) {
          throw podListFailure(server, namespace, error, secretsOf(config));
        }
      }
      return found;
    },
  };
}
