import { parseReference } from '../../oci';

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
export function exemptImage(exempt: string): (image: string) => boolean {
  if (!exempt.includes('*')) return (image) => image === exempt;
  const matches = expression(exempt);
  return (image) => matches.test(image) && isReference(image);
}
