/** The lists of a pod's containers. */
export type ContainerKind = 'container' | 'init' | 'ephemeral';

/** A container of a pod, by what its specification asks for and what its node says that it runs. */
export interface RunningContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly kind: ContainerKind;
  /** The image as the pod's specification names it. */
  readonly image: string;
  /** What the node says that it runs; `undefined`: the node has not said. */
  readonly imageId: string | undefined;
  /** Whether it has not been started yet, so that nothing runs. */
  readonly waits: boolean;
}

/** Where containers are read: the API of a cluster. */
export interface ContainerSource {
  /** Where they were read, for the report: the address of the API server. */
  readonly server: string;
  /**
   * The containers of all pods that have not ended.
   *
   * @param namespaces empty: all of them
   * @throws SignedImageError `CLUSTER_UNREADABLE`
   */
  containers(namespaces: readonly string[]): Promise<readonly RunningContainer[]>;
}

/** `namespace/pod/container`. */
export function nameOf({ namespace, pod, container }: RunningContainer): string {
  return `${namespace}/${pod}/${container}`;
}
