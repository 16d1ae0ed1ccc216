import { parseReference } from '../../oci';
import { isObject, memberOf, type Field } from './field';

/** `image`, `baseImage`, `sidecar_image`, `imageName`, `images`; not `imagePullPolicy`, not `imageId`. */
const IMAGE_KEY = /image(?:s|[-_]?(?:name|ref|reference|ur[il]|repository|repo|override))?$/i;

export function isImageKey(name: string): boolean {
  return IMAGE_KEY.test(name);
}

/** `RELATED_IMAGE_PROXY`, `builder-image`; not `IMAGE_TAG`. */
const IMAGE_VARIABLE =
  /(?:^|[_.-])images?[_.-](?!(?:tag|pull|version|digest|id|name[_.-]?prefix)(?:$|[_.-]))/i;

/** Whether a variable or parameter of this name holds an image. */
export function isImageVariable(name: string): boolean {
  return isImageKey(name) || IMAGE_VARIABLE.test(name);
}

/** A placeholder that a controller fills in: what it will be, nobody here knows. */
const PLACEHOLDER = /\{\{|\$\(|\$\{/;

/** Whether a text is an image reference. */
export function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

/** Of the URLs that container tools and operators use; CDI imports disks from `docker://`. */
const TRANSPORT =
  /^(?:docker|docker-daemon|docker-image|oci|oci-registry|oras|registry|containers-storage):\/\//i;

/** The image in a URL such as `docker://nginx`; `undefined` if it is none. */
export function imageOfUrl(text: string): string | undefined {
  const image = text.trim().replace(TRANSPORT, '');
  return image === text.trim() ? undefined : image;
}

/** Whether a text could be the image that something runs, also by who takes off what is around it. */
export function looksLikeImage(text: string): boolean {
  return PLACEHOLDER.test(text) || isReference(imageOfUrl(text) ?? text.trim());
}

/** A host with a dot or a port, a path, and a tag or digest; not a URL, and not the address of a service. */
const WHOLE =
  /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]+)?|[a-z0-9-]+:[0-9]+)\/[^\s:@]+(?::[\w.-]+|@sha256:[0-9a-f]{64})/i;
/** Nothing else is named by its digest so. */
const BY_DIGEST = /^[a-z0-9][\w./:-]*@sha256:[0-9a-f]{64}$/i;

/** Whether a text is hardly anything else than an image, whatever it is called. */
export function isPlainlyImage(text: string): boolean {
  return (WHOLE.test(text) || BY_DIGEST.test(text)) && isReference(text);
}

/** A flag of a command line that names an image: `--sidecar-image=nginx:1`. */
export function imageOfFlag(text: string): string | undefined {
  const [, image] = /^--?[\w.-]*image=(\S+)$/i.exec(text) ?? [];
  return image !== undefined && isReference(image) ? image : undefined;
}

/** Members of an object under a key such as `image` that hold the reference itself. */
const REFERENCE = /^(?:ref|reference|ur[il]|src|source|location|value)$/i;

export function isReferenceKey(name: string): boolean {
  return REFERENCE.test(name);
}

const text = (field: Field, name: string): string | undefined => {
  const { value } = memberOf(field, name);
  // A tag such as 1.27 is a number in YAML.
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** The `name` of an image, unless it is what a list calls it: `{name: RELATED_IMAGE, value: nginx}`. */
function imageName(field: Field): string | undefined {
  const name = text(field, 'name');
  return name !== undefined && isReference(name) && text(field, 'value') === undefined
    ? name
    : undefined;
}

/**
 * The image that is written in parts, as the values of most charts have it: `repository` with `tag`,
 * `digest` or `registry`; under a key such as `image` `repo` or `name`, too. `undefined` if it is not.
 *
 * @param named whether the key of the object says that it is an image: then the repository is enough
 */
export function imageInParts(field: Field, named: boolean): string | undefined {
  if (!isObject(field.value)) return undefined;
  const repository =
    text(field, 'repository') ?? (named ? (text(field, 'repo') ?? imageName(field)) : undefined);
  if (repository === undefined) return undefined;
  const [registry, tag] = [text(field, 'registry'), text(field, 'tag')];
  const digest = text(field, 'digest') ?? text(field, 'sha');
  if (!named && tag === undefined && digest === undefined && registry === undefined)
    return undefined;
  const host = registry === undefined ? '' : `${registry.replace(/\/$/, '')}/`;
  const at = digest === undefined ? '' : `@${digest.includes(':') ? digest : `sha256:${digest}`}`;
  return `${host}${repository}${tag === undefined ? '' : `:${tag}`}${at}`;
}
