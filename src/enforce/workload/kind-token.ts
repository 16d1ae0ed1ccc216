/** A kind of Kubernetes, as a type token of Pulumi has it: `kubernetes:apps/v1:Deployment`. */
export interface KindToken {
  /** `core` for the group without a name. */
  readonly group: string;
  readonly version: string;
  /** Without `Patch`, which Pulumi puts behind the kind of a resource that patches one. */
  readonly kind: string;
}

const TOKEN = /^kubernetes:(?:([^/:]+)\/)?([^/:]+):([^:]+)$/;

/** `undefined` for what is no kind of Kubernetes. */
export function kindToken(type: string): KindToken | undefined {
  const [, group = 'core', version = '', kind = ''] = TOKEN.exec(type) ?? [];
  return kind === '' ? undefined : { group, version, kind: kind.replace(/(?<=.)Patch$/, '') };
}

/** Groups of Kubernetes itself and of its provider: what of them runs images is known, and nothing else does. */
const OWN_GROUPS: ReadonlySet<string> = new Set([
  ...['core', 'apps', 'batch', 'extensions', 'autoscaling', 'policy', 'meta'],
  ...[
    'admissionregistration',
    'apiextensions',
    'apiregistration',
    'auditregistration',
    'authentication',
    'authorization',
    'certificates',
    'coordination',
    'discovery',
    'events',
    'networking',
    'node',
    'rbac.authorization',
    'resource',
    'scheduling',
    'settings',
    'storage',
    'storagemigration',
    'flowcontrol.apiserver',
    'internal.apiserver',
  ].map((name) => `${name}.k8s.io`),
  // Components of the provider, whose children are resources of their own.
  ...['yaml', 'kustomize', 'helm.sh'],
]);

/** Whether a kind is one that a third party has defined. */
export function isCustomKind(type: string): boolean {
  const token = kindToken(type);
  return token !== undefined && !OWN_GROUPS.has(token.group) && token.version !== 'yaml';
}

/**
 * What is wrong with a resource that is sent to the cluster as another kind than its type token says:
 * Pulumi's provider makes what `apiVersion` and `kind` name, and rules go by the token.
 */
export function kindFault(type: string, apiVersion: unknown, kind: unknown): string | undefined {
  const token = kindToken(type);
  if (token === undefined || typeof apiVersion !== 'string' || typeof kind !== 'string')
    return undefined;
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  // In another version of a custom kind the images may be elsewhere than declared. Of its own kinds the
  // provider makes the newest version that the cluster has.
  const isSame =
    group === token.group &&
    (version === token.version || !isCustomKind(type)) &&
    (kind === token.kind || type.endsWith(`:${kind}`));
  return isSame
    ? undefined
    : `is registered as ${type}, and would be made as ${kind} of ${apiVersion}; register it as what it is`;
}
