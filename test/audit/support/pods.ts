import type { Pod } from '../../../src/audit/pod-containers';

let made = 0;

/** A pod that runs one container. `imageID`: empty if the node has not reported it. */
export function podOf(image: string, imageID: string, name?: string, namespace = 'shop'): Pod {
  made += 1;
  return {
    metadata: { namespace, name: name ?? `pod-${made}`, uid: `uid-${made}` },
    spec: { containers: [{ name: 'app', image }] },
    status: {
      phase: 'Running',
      containerStatuses: [{ name: 'app', imageID, state: { running: {} } }],
    },
  };
}
