import type { Problem } from '../../error';
import { parseReference } from '../../oci';

/** What may run without having been verified. At least one of `image` and `resource`. */
export interface ExemptionArgs {
  /**
   * Images, as they are written in the resource: `registry.k8s.io/pause:3.10`, or everything below a
   * path: `public.ecr.aws/eks/*`. A `*` elsewhere stands for any text without `/`
   * (`docker.io/library/nginx:*`). A name without a host is one of Docker Hub.
   */
  readonly image?: string;
  /**
   * Resources, by name (`migrate-*`) or by `type::name`; `*` stands for any text:
   * `kubernetes:helm.sh/v3:Release::*`. One of the two must be said.
   * With `image` too, just these images in these resources.
   */
  readonly resource?: string;
  /** Why: for whoever reads the program, and for the log. Needed. */
  readonly reason: string;
}

export interface Exemption extends ExemptionArgs {
  matchesImage(image: string): boolean;
  matchesResource(type: string, name: string): boolean;
}

/** A glob as an expression: `*` stands for any text. */
const glob = (text: string): RegExp => new RegExp(`^${text.split('*').map(literal).join('[^]*')}$`);

interface ResourcePattern {
  /** `undefined`: of any type. */
  readonly type?: string;
  readonly name: string;
}

function resourcePattern(text: string): ResourcePattern {
  const at = text.indexOf('::');
  return at < 0 ? { name: text } : { type: text.slice(0, at), name: text.slice(at + 2) };
}

const isWild = (text: string): boolean => /^[*:/]*$/.test(text);

/** What is wrong with the resource of an exemption, if anything is. */
function resourceFault(resource: string): string | undefined {
  if (resource.trim() === '') return 'is empty';
  const { type, name } = resourcePattern(resource);
  const broad = `"${resource}" would admit every resource; name at least a type or a name`;
  if (type === undefined) {
    if (isWild(name)) return broad;
    // It would match no name, and whoever wrote it means all kinds that begin so.
    return name.includes('*') && /^kubernetes:/.test(name)
      ? `"${resource}" would admit every kind that begins so; write \`type::name\`, as in "kubernetes:helm.sh/v3:Release::*"`
      : undefined;
  }
  if (type === '' || name === '') return 'must be a name, or `type::name`';
  return type.includes('*') && isWild(name) ? broad : undefined;
}

/** Everything that is wrong with an exemption. */
export function exemptionProblems(args: ExemptionArgs, property: string): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (member: string, message: string): void => {
    problems.push({ property: `${property}.${member}`, code: 'INPUT_INVALID', message });
  };
  const { image, resource, reason } = args;
  if (typeof reason !== 'string' || reason.trim() === '') {
    report('reason', 'is needed: say why this may run without having been verified');
  }
  if (image === undefined && resource === undefined) {
    report('image', 'an exemption needs `image`, `resource` or both');
  }
  const imageFault = image === undefined ? undefined : exemptImageFault(image);
  if (imageFault !== undefined) report('image', imageFault);
  const fault = resource === undefined ? undefined : resourceFault(resource);
  if (fault !== undefined) report('resource', fault);
  return problems;
}

export function exemptionOf(args: ExemptionArgs): Exemption {
  const image = args.image === undefined ? undefined : exemptImage(args.image);
  const resource = args.resource === undefined ? undefined : resourcePattern(args.resource);
  const type = resource?.type === undefined ? undefined : glob(resource.type);
  const name = resource === undefined ? undefined : glob(resource.name);
  return {
    ...args,
    matchesImage: (text) => image?.(text) ?? true,
    matchesResource: (resourceType, resourceName) =>
      (type?.test(resourceType) ?? true) && (name?.test(resourceName) ?? true),
  };
}

const ESCAPED = /[\\^$.|?*+()[\]{}]/g;

/** A text that stands for itself in an expression. */
export const literal = (text: string): string => text.replace(ESCAPED, '\\$&');

const EVERYTHING =
  'would admit every image; name at least the registry, as in "registry.example.com/*"';

/**
 * What is wrong with the image of an exemption, if anything is. The registry must be named: without
 * a `/` before the first `*`, `nginx:*` is also the registry `nginx` at any port.
 */
export function exemptImageFault(image: string): string | undefined {
  if (typeof image !== 'string' || image.trim() === '') return 'is empty';
  if (/\p{Cs}/u.test(image)) return 'is not well-formed Unicode';
  if (image.trim() !== image) return `"${image}" begins or ends with white space; remove it`;
  const star = image.indexOf('*');
  if (star < 0) return bareRegistryFault(image);
  const slash = image.indexOf('/');
  if (slash > 0 && slash < star) return patternFault(image);
  const name = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*[:@]/.exec(image)?.[0].slice(0, -1);
  return slash >= 0 || name === undefined
    ? `"${image}" ${EVERYTHING}`
    : `"${image}" would admit every image of a registry that is called "${name}:5000", too; name the registry: "docker.io/library/${image}"`;
}

/** The name of a registry alone is equal to no image of it. */
function bareRegistryFault(image: string): string | undefined {
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(image)
    ? `"${image}" is a registry without an image; write "${image}/*" for all of its images`
    : undefined;
}

/** What is matched by a pattern is a reference, so a pattern that can be none of one exempts nothing. */
function patternFault(image: string): string | undefined {
  if (image.includes('**')) {
    return `"${image}" contains \`**\`; \`/*\` at the end is everything below, and any other \`*\` stays within a path component`;
  }
  // A digest has a fixed length, so a pattern of one has no example.
  if (image.includes('@') || isReference(image.replaceAll('*', 'x'))) return undefined;
  return `"${image}" matches no image reference; write it as in "registry.example.com/team/*"`;
}

/** `registry.k8s.io/*`: everything below. A `*` elsewhere stays in its component of the path. */
const isWhole = (image: string): boolean => image.endsWith('/*');

/** The expression for an image of an exemption without faults. */
function expression(image: string): RegExp {
  const whole = isWhole(image);
  const parts = (whole ? image.slice(0, -1) : image).split('*').map(literal);
  return new RegExp(`^${parts.join('[^/]*')}${whole ? '[^]*' : ''}$`);
}

function isReference(image: string): boolean {
  try {
    parseReference(image);
    return true;
  } catch {
    return false;
  }
}

/** Whether an image, as it is written in a resource, is one of the exemption. */
function exemptImage(exempt: string): (image: string) => boolean {
  if (!exempt.includes('*')) return (image) => image === exempt;
  const matches = expression(exempt);
  return (image) => matches.test(image) && isReference(image);
}
