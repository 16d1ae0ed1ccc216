import { textAt } from './json-access';
import type { StackResource } from './stack-export';

const PACKAGE = 'signed-image:index:';
const KINDS = {
  build: 'ImageBuild',
  signature: 'ImageSignature',
  verified: 'VerifiedImage',
} as const;
type Kind = keyof typeof KINDS;

/** The resources of one image: those of a component, or those that declare the same reference. */
export interface ImageResources {
  /** Name of the component, otherwise of the last resource of the image. */
  readonly name: string;
  readonly component?: StackResource;
  readonly build?: StackResource;
  readonly signature?: StackResource;
  readonly verified?: StackResource;
}

/** Whether a resource is of this package. */
export function isOwnResource({ type }: StackResource): boolean {
  return type.startsWith(PACKAGE);
}

function kindOf({ type }: StackResource): Kind | undefined {
  return (Object.keys(KINDS) as Kind[]).find((kind) => type === PACKAGE + KINDS[kind]);
}

/** Returns `host/repo@sha256:...` that a resource claims or verifies; `undefined` if it has none. */
export function referenceOf(resource: StackResource): string | undefined {
  const { inputs, outputs, type } = resource;
  const digest = textAt(outputs, 'digest') ?? textAt(outputs, 'claimedDigest');
  const declared = textAt(inputs, 'image') ?? textAt(outputs, 'image');
  const reference = textAt(outputs, 'imageRef') ?? declared;
  if (reference === undefined || reference.includes('@')) return reference;
  if (digest === undefined) return type === PACKAGE + KINDS.verified ? reference : undefined;
  return `${reference.replace(/:[^/:]*$/, '')}@${digest}`;
}

/**
 * Groups the resources of each image. Resources of a component belong together; others are matched
 * by their reference, each with at most one of each kind.
 */
export function groupResources(resources: readonly StackResource[]): readonly ImageResources[] {
  const components = new Map(
    resources
      .filter(({ type }) => type === `${PACKAGE}SignedImage`)
      .map((component) => [component.urn, component]),
  );
  const grouped = new Map<string, Partial<Record<Kind | 'component', StackResource>>>();
  for (const component of components.values()) grouped.set(component.urn, { component });
  const single: StackResource[] = [];
  for (const resource of resources) {
    const kind = kindOf(resource);
    if (kind === undefined) continue;
    const group = grouped.get(resource.parent ?? '');
    if (group) group[kind] = resource;
    else single.push(resource);
  }
  const groups = [...grouped.values(), ...groupSingle(single)];
  // A component without any resource has not been planned.
  return groups.map((group) => ({ ...group, name: groupName(group) }));
}

function groupSingle(single: readonly StackResource[]) {
  const of = (kind: Kind): StackResource[] => single.filter((each) => kindOf(each) === kind);
  const taken = new Set<StackResource>();
  const sameImage = (kind: Kind, { reference }: { readonly reference: string | undefined }) => {
    const found = of(kind).find(
      (each) => !taken.has(each) && reference !== undefined && referenceOf(each) === reference,
    );
    if (found) taken.add(found);
    return found;
  };
  const groups: Partial<Record<Kind, StackResource>>[] = [];
  for (const verified of of('verified')) {
    const reference = { reference: referenceOf(verified) };
    const signature = sameImage('signature', reference);
    const build = sameImage('build', reference);
    groups.push({ verified, ...(signature && { signature }), ...(build && { build }) });
  }
  for (const signature of of('signature').filter((each) => !taken.has(each))) {
    const build = sameImage('build', { reference: referenceOf(signature) });
    groups.push({ signature, ...(build && { build }) });
  }
  for (const build of of('build').filter((each) => !taken.has(each))) groups.push({ build });
  return groups;
}

function groupName(group: Partial<Record<Kind | 'component', StackResource>>): string {
  const { component, verified, signature, build } = group;
  return (component ?? verified ?? signature ?? build)?.name ?? '';
}
