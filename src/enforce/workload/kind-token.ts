/** A Kubernetes kind, parsed from a Pulumi type token: `kubernetes:apps/v1:Deployment`. */
export interface KindToken {
  /** `core` for the core group. */
  readonly group: string;
  readonly version: string;
  /** Without `Patch`, which Pulumi appends to the kind of a patch resource. */
  readonly kind: string;
}

const TOKEN = /^kubernetes:(?:([^/:]+)\/)?([^/:]+):([^:]+)$/;

/** Parses a type token; `undefined` if it is not a Kubernetes kind. */
export function kindToken(type: string): KindToken | undefined {
  const [, group = 'core', version = '', kind = ''] = TOKEN.exec(type) ?? [];
  return kind === '' ? undefined : { group, version, kind: kind.replace(/(?<=.)Patch$/, '') };
}

/** API groups of Kubernetes itself and of its provider, in which all kinds that run images are known. */
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
  // Components of the provider, whose children are separate resources.
  ...['yaml', 'kustomize', 'helm.sh'],
]);

/** Whether a kind is defined by a third party. */
export function isCustomKind(type: string): boolean {
  const token = kindToken(type);
  return token !== undefined && !OWN_GROUPS.has(token.group) && token.version !== 'yaml';
}

/**
 * Reports a resource whose `apiVersion` and `kind` differ from its type token: Pulumi's provider creates
 * the object of `apiVersion` and `kind`, and rules apply to the token.
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
    : `is registered as ${type}, but would be created as ${kind} of ${apiVersion}; register it with the matching type`;
}
