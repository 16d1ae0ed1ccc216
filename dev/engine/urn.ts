/** `urn:pulumi:<stack>::<project>::<parent type chain>$<type>::<name>` */
export const STACK_TYPE = 'pulumi:pulumi:Stack';

export interface UrnParts {
  readonly stack: string;
  readonly project: string;
  readonly qualifiedType: string;
  readonly name: string;
}

export const parseUrn = (urn: string): UrnParts => {
  const [head = '', project = '', qualifiedType = '', ...name] = urn.split('::');
  return {
    stack: head.replace(/^urn:pulumi:/, ''),
    project,
    qualifiedType,
    name: name.join('::'),
  };
};

export const formatUrn = (parts: UrnParts): string =>
  `urn:pulumi:${parts.stack}::${parts.project}::${parts.qualifiedType}::${parts.name}`;

export const typeOf = (urn: string): string => parseUrn(urn).qualifiedType.split('$').at(-1) ?? '';

/** The stack as parent does not add a type to the chain. */
export const qualify = (type: string, parent: string | undefined): string =>
  parent === undefined || parent === '' || typeOf(parent) === STACK_TYPE
    ? type
    : `${parseUrn(parent).qualifiedType}$${type}`;

/** `signed-image` of `signed-image:index:Signature`; of `pulumi:providers:x` it is `pulumi`. */
export const packageOf = (type: string): string => type.split(':')[0] ?? '';

export const isProviderType = (type: string): boolean => type.startsWith('pulumi:providers:');

/** A reference to an explicit provider is `<urn>::<id>`. */
export const urnOfProviderRef = (reference: string): string =>
  reference.slice(0, Math.max(0, reference.lastIndexOf('::')));

export const packageOfProviderRef = (reference: string): string | undefined => {
  const cut = reference.lastIndexOf('::');
  const type = cut < 0 ? '' : typeOf(reference.slice(0, cut));
  return isProviderType(type) ? type.slice('pulumi:providers:'.length) : undefined;
};
