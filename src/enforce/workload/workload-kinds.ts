/** A kind of resource that runs images, with the paths of its images. */
export interface WorkloadKind {
  /** Pulumi type token, for example `kubernetes:apps/v1:Deployment`. */
  readonly type: string;
  /** Path of the PodSpec: `spec.template.spec`. `*` matches every item of a list. */
  readonly podSpec?: string;
  /**
   * Paths of additional fields with an image, as text or in parts (`repository`, `tag`), for kinds without
   * a PodSpec. Empty: the kind runs no images, although it seems to.
   */
  readonly images?: readonly string[];
  /** Why it runs no images. Required if `images` is empty. */
  readonly reason?: string;
  /** Whether it is a patch, which may leave out its containers and their images. */
  readonly partial?: boolean;
}

const TEMPLATE = 'spec.template.spec';

/** Group, versions, kinds, and the path of their PodSpec. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ */
const KINDS: readonly (readonly [string, readonly string[], readonly string[], string])[] = [
  // The core group may be left out, as in the type of a CustomResource, `v1` alone: see below.
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

/** Returns the workload kinds of Kubernetes itself, by type token. */
export function builtInKinds(): ReadonlyMap<string, WorkloadKind> {
  return BUILT_IN;
}
