/** Where a kind of resource has its pods, as a path into its properties. */
export interface WorkloadKind {
  /** Pulumi type token, for example `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  /** Path of the PodSpec: `spec.template.spec`. `*` stands for every member of a list. */
  readonly podSpec?: string;
  /**
   * Paths of further fields that hold an image, as text or in parts (`repository`, `tag`), for kinds that
   * are not made of a PodSpec. None: the kind runs no images, although it seems to.
   */
  readonly images?: readonly string[];
  /** Why it runs no images. Needed where `images` is empty. */
  readonly reason?: string;
  /** A patch may leave its containers and their images as they are. */
  readonly partial?: boolean;
}

const TEMPLATE = 'spec.template.spec';

/** Group and versions, kinds, and where their PodSpec is. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ */
const KINDS: readonly (readonly [string, readonly string[], readonly string[], string])[] = [
  // Where the group is not written, as in the type of a CustomResource, it is `v1` alone: see below.
  ['core', ['v1'], ['Pod'], 'spec'],
  ['core', ['v1'], ['PodTemplate'], 'template.spec'],
  ['core', ['v1'], ['ReplicationController'], TEMPLATE],
  [
    'apps',
    ['v1', 'v1beta1', 'v1beta2'],
    ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'],
    TEMPLATE,
  ],
  ['extensions', ['v1beta1'], ['Deployment', 'ReplicaSet', 'DaemonSet'], TEMPLATE],
  ['batch', ['v1'], ['Job'], TEMPLATE],
  ['batch', ['v1', 'v1beta1', 'v2alpha1'], ['CronJob'], 'spec.jobTemplate.spec.template.spec'],
];

function variants(token: string, podSpec: string): WorkloadKind[] {
  return [
    { type: token, podSpec },
    { type: `${token}Patch`, podSpec, partial: true },
    { type: `${token}List`, podSpec: `items.*.${podSpec}` },
  ];
}

const BUILT_IN: ReadonlyMap<string, WorkloadKind> = new Map(
  KINDS.flatMap(([group, versions, kinds, podSpec]) =>
    versions.flatMap((version) =>
      kinds.flatMap((kind) => [
        ...variants(`kubernetes:${group}/${version}:${kind}`, podSpec),
        ...(group === 'core' ? variants(`kubernetes:${version}:${kind}`, podSpec) : []),
      ]),
    ),
  ).map((kind) => [kind.type, kind]),
);

/** The workload kinds of Kubernetes itself, by type token. */
export function builtInKinds(): ReadonlyMap<string, WorkloadKind> {
  return BUILT_IN;
}
