import { type Field, isObject, itemsOf, memberOf, type Properties, UNKNOWN } from './field';
import {
  imageInParts,
  imageOfFlag,
  imageOfUrl,
  isImageKey,
  isImageVariable,
  isPlainlyImage,
  isReference,
  isReferenceKey,
  looksLikeImage,
} from './image-key';
import { textDocuments } from './text-documents';

export interface ImageSearch {
  /** Every place that may hold an image, and what is there. */
  readonly found: readonly Field[];
  /** Texts that are hardly anything else than an image, under keys that do not say so. */
  readonly plain: readonly Field[];
  /** Where the search ended early: too deep or too much. */
  readonly unread: readonly string[];
  /** Members by which more is fetched in the cluster. */
  readonly fetched: readonly string[];
}

export interface SearchOptions {
  /** Further keys whose texts are images: `package` of Crossplane. */
  readonly keys?: readonly string[];
  /** Keys whose texts say that more is fetched in the cluster: `resolver` of Tekton. */
  readonly fetches?: readonly string[];
  /** Members at the top that are not looked at. */
  readonly without?: readonly string[];
}

/** A path whose last key is `images`, or one that the kind adds. */
const NAMED_IMAGES = /(?:images|override)$/i;

const MAX_DEPTH = 64;
const MAX_FIELDS = 200_000;

/**
 * Looks for images in an object of which nobody said where they are: texts under keys that end in
 * `image`, images in parts, and both in documents that are written in a text.
 */
export function searchImages(
  properties: Properties,
  { keys = [], fetches = [], without = [] }: SearchOptions = {},
): ImageSearch {
  const found: Field[] = [];
  const plain: Field[] = [];
  const unread: string[] = [];
  const fetched: string[] = [];
  let fields = 0;

  const note = (field: Field): void => {
    const { path, value } = field;
    if (value === UNKNOWN || (typeof value === 'string' && value !== ''))
      found.push({ path, value });
    else if (Array.isArray(value)) itemsOf(field).filter(isText).forEach(note);
    else if (isObject(value)) Object.keys(value).forEach((name) => noteInside(field, name));
  };

  /** A member of an object under a key such as `image`; all are images in `images`. */
  const noteInside = (field: Field, name: string): void => {
    const member = memberOf(field, name);
    const { value } = member;
    const isNamed = NAMED_IMAGES.test(field.path) || isReferenceKey(name);
    // https://kubernetes.io/docs/concepts/storage/volumes/#image
    if (name === 'reference' && isText(member)) note(member);
    else if (isNamed && (value === UNKNOWN || (typeof value === 'string' && looksLikeImage(value))))
      found.push(member);
  };

  /** `{name: RELATED_IMAGE_PROXY, value: nginx}`: environment variables, parameters. */
  const notePair = (field: Field): void => {
    const name = memberOf(field, 'name').value ?? memberOf(field, 'key').value;
    if (typeof name !== 'string' || !isImageVariable(name)) return;
    for (const member of ['value', 'default'].map((each) => memberOf(field, each)))
      if (typeof member.value === 'string' && isReference(member.value)) found.push(member);
  };

  const visit = (field: Field, named: boolean, depth: number): void => {
    fields += 1;
    if (depth > MAX_DEPTH || fields > MAX_FIELDS) {
      if (unread.length === 0) unread.push(field.path);
      return;
    }
    const { path, value } = field;
    if (typeof value === 'string') {
      const located = imageOfUrl(value);
      if (located !== undefined && !named && /^\s*docker:/i.test(value))
        found.push({ path, value: located });
      const flagged = imageOfFlag(value);
      if (flagged !== undefined) found.push({ path, value: flagged });
      if (!named && isPlainlyImage(value)) plain.push(field);
      const { documents, images } = textDocuments(value);
      for (const image of images) found.push({ path, value: image });
      for (const document of documents) visit({ path, value: document }, false, depth + 1);
    } else if (Array.isArray(value)) {
      for (const item of itemsOf(field)) visit(item, named, depth + 1);
    } else if (isObject(value)) {
      const parts = imageInParts(field, named);
      if (parts !== undefined) found.push({ path, value: parts });
      notePair(field);
      // https://docs.redhat.com/en/documentation/openshift_container_platform: ObjectReference
      if (value['kind'] === 'DockerImage' && isText(memberOf(field, 'name')))
        note(memberOf(field, 'name'));
      for (const name of Object.keys(value)) {
        const member = memberOf(field, name);
        if (fetches.includes(name) && isText(member)) fetched.push(member.path);
        const isImage = isImageKey(name) || keys.includes(name);
        // The parts have been put together already.
        if (isImage && !(parts !== undefined && name === 'repository')) note(member);
        visit(member, isImage, depth + 1);
      }
    }
  };

  const root: Field = { path: '', value: properties };
  for (const name of Object.keys(properties)) {
    if (name.startsWith('__') || without.includes(name)) continue;
    const member = memberOf(root, name);
    const isImage = isImageKey(name) || keys.includes(name);
    if (isImage) note(member);
    visit(member, isImage, 0);
  }
  return { found, plain, unread, fetched };
}

const isText = ({ value }: Field): boolean => typeof value === 'string' || value === UNKNOWN;
