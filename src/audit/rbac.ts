import { dump } from 'js-yaml';

const NAME = 'signed-image-audit';

/** The subject and the scope of the role. */
export interface AuditRbacOptions {
  /** Service account, `namespace/name`. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  /** Namespaces in which it may read pods. Default: all. */
  readonly namespaces?: readonly string[];
}

/** A Kubernetes RBAC object. */
export type RbacObject = Readonly<Record<string, unknown>> & { readonly kind: string };

const API = 'rbac.authorization.k8s.io/v1';
const GROUP = 'rbac.authorization.k8s.io';

/** Creates the least privileges that an audit requires, reading pods only, and their binding. */
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

/** Formats the objects of `auditRbac` as YAML for `kubectl apply -f -`. */
export function auditRbacYaml(options: AuditRbacOptions): string {
  return auditRbac(options)
    .map((object) => dump(object, { noRefs: true }))
    .join('---\n');
}
