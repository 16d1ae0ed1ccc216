/** The lists of a pod's containers. */
export type ContainerKind = 'container' | 'init' | 'ephemeral';

/** A container of a pod, with the image in its specification and the image that its node reports. */
export interface RunningContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly kind: ContainerKind;
  /** The image in the pod's specification. */
  readonly image: string;
  /** The image id that the node reports; `undefined` if it has not reported one. */
  readonly imageId: string | undefined;
  /** Whether the container has not been started yet. */
  readonly waits: boolean;
}

/** The source of running containers: the API of a cluster. */
export interface ContainerSource {
  /** The address of the API server, for the report. */
  readonly server: string;
  /**
   * Lists the containers of all pods that have not ended.
   *
   * @param namespaces namespaces to list; empty for all
   * @throws SignedImageError `CLUSTER_UNREADABLE`
   */
  containers(namespaces: readonly string[]): Promise<readonly RunningContainer[]>;
}

/** `namespace/pod/container`. */
export function nameOf({ namespace, pod, container }: RunningContainer): string {
  return `${namespace}/${pod}/${container}`;
}
