import { parseReference } from '../../oci';
import { isObject, memberOf, type Field } from './field';

/** `image`, `baseImage`, `sidecar_image`, `imageName`, `images`; not `imagePullPolicy`, not `imageId`. */
const IMAGE_KEY = /image(?:s|[-_]?(?:name|ref|reference|ur[il]|repository|repo|override))?$/i;

export function isImageKey(name: string): boolean {
  return IMAGE_KEY.test(name);
}

/** A placeholder that a controller fills in: what it will be, nobody here knows. */
const PLACEHOLDER = /\{\{|\$\(|\$\{/;

/** Whether a text could be the image that something runs. */
export function looksLikeImage(text: string): boolean {
  if (PLACEHOLDER.test(text)) return true;
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

const text = (field: Field, name: string): string | undefined => {
  const { value } = memberOf(field, name);
  // A tag such as 1.27 is a number in YAML.
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/**
 * The image that is written in parts, as the values of most charts have it: `repository` with `tag`,
 * `digest` or `registry`. `undefined` if it is not.
 *
 * @param named whether the key of the object says that it is an image: then the repository is enough
 */
export function imageInParts(field: Field, named: boolean): string | undefined {
  if (!isObject(field.value)) return undefined;
  const repository = text(field, 'repository');
  if (repository === undefined) return undefined;
  const [registry, tag] = [text(field, 'registry'), text(field, 'tag')];
  const digest = text(field, 'digest') ?? text(field, 'sha');
  if (!named && tag === undefined && digest === undefined && registry === undefined)
    return undefined;
  const host = registry === undefined ? '' : `${registry.replace(/\/$/, '')}/`;
  const at = digest === undefined ? '' : `@${digest.includes(':') ? digest : `sha256:${digest}`}`;
  return `${host}${repository}${tag === undefined ? '' : `:${tag}`}${at}`;
}
