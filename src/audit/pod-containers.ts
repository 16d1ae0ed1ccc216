import type { ContainerKind, RunningContainer } from './running-container';

interface ContainerSpec {
  readonly name: string;
  readonly image?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly imageID?: string;
  readonly state?: { readonly running?: unknown; readonly terminated?: unknown };
}

/** The members of a pod that are read. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export interface Pod {
  readonly metadata?: {
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
  };
  readonly spec?: {
    readonly containers?: readonly ContainerSpec[];
    readonly initContainers?: readonly ContainerSpec[];
    readonly ephemeralContainers?: readonly ContainerSpec[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  };
}

/** Phases of pods without running containers. */
const ENDED: readonly (string | undefined)[] = ['Succeeded', 'Failed'];

function containersOf(
  pod: Pod,
  kind: ContainerKind,
  specs: readonly ContainerSpec[] = [],
  statuses: readonly ContainerStatus[] = [],
): readonly RunningContainer[] {
  return specs.map(({ name, image }) => {
    const status = statuses.find((each) => each.name === name);
    const imageId = status?.imageID === '' ? undefined : status?.imageID;
    const began = Boolean(status?.state?.running ?? status?.state?.terminated);
    return {
      namespace: pod.metadata?.namespace ?? '',
      pod: pod.metadata?.name ?? '',
      container: name,
      kind,
      image: image ?? '',
      imageId,
      // A container with an image id was started before, even if it is waiting now.
      waits: imageId === undefined && !began,
    };
  });
}

/** Returns all containers of a pod that has not ended, including finished init containers. */
export function containersOfPod(pod: Pod): readonly RunningContainer[] {
  const { spec, status } = pod;
  if (ENDED.includes(status?.phase)) return [];
  return [
    ...containersOf(pod, 'init', spec?.initContainers, status?.initContainerStatuses),
    ...containersOf(pod, 'container', spec?.containers, status?.containerStatuses),
    ...containersOf(
      pod,
      'ephemeral',
      spec?.ephemeralContainers,
      status?.ephemeralContainerStatuses,
    ),
  ];
}
