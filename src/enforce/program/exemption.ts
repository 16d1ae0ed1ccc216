import type { Problem } from '../../error';
import { parseReference } from '../../oci';
import { literalPattern } from '../../verify/identity-pattern';

/** An exemption from verification. At least one of `image` and `resource` is required. */
export interface ExemptionArgs {
  /**
   * Images, as written in the resource: `registry.k8s.io/pause:3.10`, or everything below a path:
   * `public.ecr.aws/eks/*`. A `*` elsewhere matches any text without `/` (`docker.io/library/nginx:*`).
   * A name without a host refers to Docker Hub.
   */
  readonly image?: string;
  /**
   * Resources, by name (`migrate-*`) or by `type::name`; `*` matches any text:
   * `kubernetes:helm.sh/v3:Release::*`. At least the type or the name must be specific.
   * If `image` is set too, only these images in these resources are exempt.
   */
  readonly resource?: string;
  /** Why the exemption exists, for readers of the program and for the log. Required. */
  readonly reason: string;
}

export interface Exemption extends ExemptionArgs {
  matchesImage(image: string): boolean;
  matchesResource(type: string, name: string): boolean;
}

/** Converts a glob to an expression: `*` matches any text. */
const glob = (text: string): RegExp =>
  new RegExp(`^${text.split('*').map(literalPattern).join('[^]*')}$`);

interface ResourcePattern {
  /** `undefined`: any type. */
  readonly type?: string;
  readonly name: string;
}

function resourcePattern(text: string): ResourcePattern {
  const at = text.indexOf('::');
  return at < 0 ? { name: text } : { type: text.slice(0, at), name: text.slice(at + 2) };
}

const isWild = (text: string): boolean => /^[*:/]*$/.test(text);

/** Returns what is wrong with the resource of an exemption. */
function resourceFault(resource: string): string | undefined {
  if (resource.trim() === '') return 'is empty';
  const { type, name } = resourcePattern(resource);
  const broad = `"${resource}" would admit every resource; specify at least a type or a name`;
  if (type === undefined) {
    if (isWild(name)) return broad;
    // It would match no name: a type prefix was intended.
    return name.includes('*') && /^kubernetes:/.test(name)
      ? `"${resource}" matches names, not types; write \`type::name\`, as in "kubernetes:helm.sh/v3:Release::*"`
      : undefined;
  }
  if (type === '' || name === '') return 'must be a name, or `type::name`';
  return type.includes('*') && isWild(name) ? broad : undefined;
}

/** Validates an exemption. */
export function exemptionProblems(args: ExemptionArgs, property: string): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (member: string, message: string): void => {
    problems.push({ property: `${property}.${member}`, code: 'INPUT_INVALID', message });
  };
  const { image, resource, reason } = args;
  if (typeof reason !== 'string' || reason.trim() === '') {
    report('reason', 'is required: explain why this may run without verification');
  }
  if (image === undefined && resource === undefined) {
    report('image', 'an exemption requires `image`, `resource` or both');
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

const EVERYTHING =
  'would admit every image; specify at least the registry, as in "registry.example.com/*"';

/**
 * Returns what is wrong with the image of an exemption. The registry is required: without a `/` before
 * the first `*`, `nginx:*` also matches the registry `nginx` at any port.
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
    : `"${image}" would also admit every image of a registry "${name}:5000"; specify the registry: "docker.io/library/${image}"`;
}

/** The name of a registry alone does not match any of its images. */
function bareRegistryFault(image: string): string | undefined {
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(image)
    ? `"${image}" is a registry without an image; write "${image}/*" for all of its images`
    : undefined;
}

/** Patterns are matched against references, so a pattern that cannot match one exempts nothing. */
function patternFault(image: string): string | undefined {
  if (image.includes('**')) {
    return `"${image}" contains \`**\`; \`/*\` at the end is everything below, and any other \`*\` stays within a path component`;
  }
  // A digest has a fixed length, so a pattern of one cannot be tried with an example.
  if (image.includes('@') || isReference(image.replaceAll('*', 'x'))) return undefined;
  return `"${image}" cannot match an image reference; write it as in "registry.example.com/team/*"`;
}

/** `registry.k8s.io/*` matches everything below. A `*` elsewhere matches within one path component. */
const isWhole = (image: string): boolean => image.endsWith('/*');

/** Converts the image of a valid exemption to an expression. */
function expression(image: string): RegExp {
  const whole = isWhole(image);
  const parts = (whole ? image.slice(0, -1) : image).split('*').map(literalPattern);
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

/** Creates the predicate for images, as written in a resource, that match the exemption. */
function exemptImage(exempt: string): (image: string) => boolean {
  if (!exempt.includes('*')) return (image) => image === exempt;
  const matches = expression(exempt);
  return (image) => matches.test(image) && isReference(image);
}
