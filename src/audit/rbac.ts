import { dump } from 'js-yaml';

const NAME = 'signed-image-audit';

/** Whom the role is given to. */
export interface AuditRbacOptions {
  /** Service account, `namespace/name`. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  /** Where it may read. Default: in all namespaces. */
  readonly namespaces?: readonly string[];
}

/** An object of Kubernetes, as it is applied. */
export type RbacObject = Readonly<Record<string, unknown>> & { readonly kind: string };

const API = 'rbac.authorization.k8s.io/v1';
const GROUP = 'rbac.authorization.k8s.io';

/** The least that an audit needs, to read pods and nothing else, and who has it. */
export function auditRbac({
  serviceAccount: { namespace, name },
  namespaces = [],
}: AuditRbacOptions): readonly RbacObject[] {
  const bindings =
    namespaces.length === 0
      ? [{ kind: 'ClusterRoleBinding', metadata: { name: NAME } }]
      : namespaces.map((within) => ({
          kind: 'RoleBinding',
          metadata: { name: NAME, namespace: within },
        }));
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    {
      apiVersion: API,
      kind: 'ClusterRole',
      metadata: { name: NAME },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
    },
    ...bindings.map((binding) => ({
      apiVersion: API,
      ...binding,
      roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    })),
  ];
}

/** The same for `kubectl apply -f -`. */
export function auditRbacYaml(options: AuditRbacOptions): string {
  return auditRbac(options)
    .map((object) => dump(object, { noRefs: true }))
    .join('---\n');
}
