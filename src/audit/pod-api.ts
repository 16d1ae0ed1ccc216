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
  /** The context of kubeconfig. Default: the current one. */
  readonly context?: string | undefined;
  /** Pods of one page. Default: 500, as kubectl has it. */
  readonly pageSize?: number | undefined;
  /** Milliseconds for one page, with all that a credential plugin takes. Default: 60000. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds before a page is asked for again, times the attempt. Default: 500. */
  readonly pauseMs?: number | undefined;
}

const ATTEMPTS = 3;
/** The list has changed too much since its first page was made, and begins anew. */
const EXPIRED = 410;
const RESTARTS = 3;

interface Page {
  readonly pods: readonly Pod[];
  /** Where the next page begins; empty: there is none. */
  readonly next: string;
}

function worthAnother(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined ? error instanceof TypeError : status === 429 || status >= 500;
}

/** Takes the place of the current context. */
function choose(config: Kubernetes.KubeConfig, context: string | undefined): void {
  if (context === undefined) return;
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `kubeconfig has no context ${JSON.stringify(context)}; it has ${known.join(', ') || 'none'}`,
    });
  }
  config.setCurrentContext(context);
}

function endless(server: string): SignedImageError {
  return new SignedImageError({
    code: 'CLUSTER_UNREADABLE',
    message: `the cluster ${server} answers the same page of pods again and again; what stands between here and the API server?`,
  });
}

async function configOf(library: typeof Kubernetes, host: Pick<SigningHost, 'env' | 'readFile'>) {
  try {
    return await clusterConfig(library, host);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    const { message, cause } = error;
    throw new SignedImageError({ code: 'CLUSTER_UNREADABLE', message, cause });
  }
}

/**
 * The pods of the cluster that kubeconfig names (`KUBECONFIG`, else `~/.kube/config`), else of the
 * one that this process is a pod of. Loads the client and the configuration; asks nobody yet.
 *
 * @throws SignedImageError `PACKAGE_MISSING`, `CLUSTER_UNREADABLE`, and `INPUT_INVALID` for a
 *   context that kubeconfig does not have
 */
export async function openPodApi(
  host: Pick<SigningHost, 'env' | 'readFile'>,
  { context, pageSize = 500, timeoutMs = 60_000, pauseMs = 500 }: PodApiOptions = {},
): Promise<ContainerSource> {
  const library = await optionalPackage(
    '@kubernetes/client-node',
    'audits of a cluster',
    () => import('@kubernetes/client-node'),
  );
  const config = await configOf(library, host);
  choose(config, context);
  const server = config.getCurrentCluster()?.server ?? '';

  const ask = async (namespace: string | undefined, from: string): Promise<Page> => {
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
        if (attempt >= ATTEMPTS || !worthAnother(error)) throw error;
        await delay(pauseMs * attempt);
      }
    }
  };

  /** By uid: a list that begins anew names pods again. */
  const podsOf = async (namespace: string | undefined): Promise<readonly Pod[]> => {
    const pods = new Map<string, Pod>();
    let from = '';
    for (let restarts = 0; ;) {
      const page = await ask(namespace, from).catch((error: unknown) => {
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
        pods.set(uid ?? `${within}/${name}`, pod);
      }
      if (page.next === '') break;
      if (page.next === from) throw endless(server);
      from = page.next;
    }
    return [...pods.values()];
  };

  return {
    server,
    containers: async (namespaces) => {
      const asked = namespaces.length === 0 ? [undefined] : [...new Set(namespaces)];
      const found: RunningContainer[] = [];
      for (const namespace of asked) {
        try {
          for (const pod of await podsOf(namespace)) found.push(...containersOfPod(pod));
        } catch (error) {
          throw podListFailure(server, namespace, error, secretsOf(config));
        }
      }
      return found;
    },
  };
}
