import { setTimeout as sleep } from 'node:timers/promises';

import type { Cluster } from './cluster';

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly name: string; readonly image: string }[];
  };
  readonly status: { readonly phase?: string };
}

/** Acts as the scheduler and the kubelet of one node for the API server, without running processes. */
export interface ClusterNode {
  stop(): Promise<void>;
}

/** Pods with this label end as soon as they have started: `Succeeded`. */
export const ENDS_LABEL = 'dev.cluster/ends';

const LOOK_EVERY_MS = 200;

function statusOf(pod: Pod): object {
  const ends = pod.metadata.labels?.[ENDS_LABEL] !== undefined;
  const now = new Date().toISOString();
  const state = ends
    ? { terminated: { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now } }
    : { running: { startedAt: now } };
  const condition = (type: string, status: string): object => ({
    type,
    status,
    lastTransitionTime: now,
  });
  const ready = ends ? 'False' : 'True';
  return {
    phase: ends ? 'Succeeded' : 'Running',
    startTime: now,
    conditions: [
      condition('Initialized', 'True'),
      condition('Ready', ready),
      condition('ContainersReady', ready),
    ],
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: image,
      ready: !ends,
      restartCount: 0,
      started: !ends,
      state,
    })),
  };
}

/**
 * Registers a node, and acts for its pods over the API as the scheduler and its kubelet: binds them,
 * reports that their containers run or have ended (`ENDS_LABEL`), and confirms their deletion. So
 * controllers process pods as in any cluster, without containers.
 */
export async function startNode(cluster: Cluster, name: string): Promise<ClusterNode> {
  const { status } = await cluster.request('POST', '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  });
  if (status !== 201) throw new Error(`the node ${name} was not registered: ${status}`);
  await cluster.request('PATCH', `/api/v1/nodes/${name}/status`, {
    status: {
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          lastHeartbeatTime: new Date().toISOString(),
          lastTransitionTime: new Date().toISOString(),
        },
      ],
      capacity: { cpu: '8', memory: '8Gi', pods: '110' },
      allocatable: { cpu: '8', memory: '8Gi', pods: '110' },
    },
  });
  const attend = async (pod: Pod): Promise<void> => {
    const { metadata, spec } = pod;
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
    if (metadata.deletionTimestamp !== undefined) {
      await cluster.request('DELETE', `${path}?gracePeriodSeconds=0`);
    } else if (spec.nodeName === undefined) {
      await cluster.request('POST', `${path}/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: metadata.name, namespace: metadata.namespace },
        target: { apiVersion: 'v1', kind: 'Node', name },
      });
    } else if (pod.status.phase === 'Pending') {
      await cluster.request('PATCH', `${path}/status`, { status: statusOf(pod) });
    }
  };
  let stopped = false;
  const work = (async () => {
    while (!stopped) {
      const { body } = await cluster.request('GET', '/api/v1/pods');
      const { items = [] } = body as { readonly items?: readonly Pod[] };
      await Promise.all(items.map(attend));
      await sleep(LOOK_EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await work;
    },
  };
}
