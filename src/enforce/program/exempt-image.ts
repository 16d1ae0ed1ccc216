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
  const star = image.indexOf('*');
  if (star < 0) return undefined;
  const slash = image.indexOf('/');
  if (slash > 0 && slash < star) return undefined;
  const name = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*[:@]/.exec(image)?.[0].slice(0, -1);
  return slash >= 0 || name === undefined
    ? `"${image}" ${EVERYTHING}`
    : `"${image}" would admit every image of a registry that is called "${name}:5000", too; name the registry: "docker.io/library/${image}"`;
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
