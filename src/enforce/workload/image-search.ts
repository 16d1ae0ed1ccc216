import { loadAll } from 'js-yaml';

import { type Field, isObject, itemsOf, memberOf, type Properties, UNKNOWN } from './field';
import { imageInParts, isImageKey } from './image-key';

export interface ImageSearch {
  /** Every place that may hold an image, and what is there. */
  readonly found: readonly Field[];
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

/** Of the URLs that container tools use; CDI imports disks from it. */
const TRANSPORT = /^docker:\/\//;

const MAX_DEPTH = 64;
const MAX_FIELDS = 200_000;

/** A document in a text: values of a chart, a manifest, a patch. */
const DOCUMENT = /[\n{[]|: /;
const MENTIONS_IMAGE = /image|repository/i;

function documentsOf(text: string): readonly unknown[] {
  if (!DOCUMENT.test(text) || !MENTIONS_IMAGE.test(text)) return [];
  try {
    return loadAll(text).filter((document) => typeof document === 'object');
  } catch {
    // A script, a template, or prose.
    return [];
  }
}

/**
 * Looks for images in an object of which nobody said where they are: texts under keys that end in
 * `image`, images in parts, and both in documents that are written in a text.
 */
export function searchImages(
  properties: Properties,
  { keys = [], fetches = [], without = [] }: SearchOptions = {},
): ImageSearch {
  const found: Field[] = [];
  const unread: string[] = [];
  const fetched: string[] = [];
  let fields = 0;

  const note = (field: Field): void => {
    const { path, value } = field;
    if (value === UNKNOWN || (typeof value === 'string' && value !== ''))
      found.push({ path, value });
    else if (Array.isArray(value)) itemsOf(field).filter(isText).forEach(note);
    else if (isObject(value)) {
      // https://kubernetes.io/docs/concepts/storage/volumes/#image
      const reference = memberOf(field, 'reference');
      if (isText(reference)) note(reference);
    }
  };

  const visit = (field: Field, named: boolean, depth: number): void => {
    fields += 1;
    if (depth > MAX_DEPTH || fields > MAX_FIELDS) {
      if (unread.length === 0) unread.push(field.path);
      return;
    }
    const { path, value } = field;
    if (typeof value === 'string') {
      if (TRANSPORT.test(value)) found.push({ path, value: value.replace(TRANSPORT, '') });
      for (const document of documentsOf(value)) visit({ path, value: document }, false, depth + 1);
    } else if (Array.isArray(value)) {
      for (const item of itemsOf(field)) visit(item, named, depth + 1);
    } else if (isObject(value)) {
      const parts = imageInParts(field, named);
      if (parts !== undefined) found.push({ path, value: parts });
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
  return { found, unread, fetched };
}

const isText = ({ value }: Field): boolean => typeof value === 'string' || value === UNKNOWN;
