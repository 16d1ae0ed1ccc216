import { loadAll } from 'js-yaml';

import { isImageKey } from './image-key';

/** What a text may hold of objects: values of a chart, a manifest, a patch. */
export interface TextDocuments {
  readonly documents: readonly unknown[];
  /** Images of a text that is not YAML as a whole, and placeholders that YAML reads as something else. */
  readonly images: readonly string[];
}

const DOCUMENT = /[\n{[]|: /;
/** In JSON and YAML any letter may be written by its number. */
const MENTIONS_IMAGE = /image|repository|\\[uUx]/i;

/**
 * `image: nginx` where a member begins, in JSON, in YAML, or in what only nearly is one of them; tags and
 * anchors are left out.
 */
const PAIR =
  /(?:^|[{,])[\s"'-]*([A-Za-z][\w.-]*)["']?[ \t]*:[ \t]*(?:[!&]\S*[ \t]+)*["']?(\{\{[^}\n]*\}\}|[^\s"',{}[\]]+)/gm;
/** Of alerts: `$labels.image` is what was measured. */
const MEASURED = /^\{\{-?\s*\$/;

function pairsOf(text: string): readonly string[] {
  return [...text.matchAll(PAIR)].flatMap(([, key = '', value = '']) =>
    isImageKey(key) && !MEASURED.test(value) ? [value] : [],
  );
}

const isPlaceholder = (value: string): boolean => value.startsWith('{{');

const NOTHING: TextDocuments = { documents: [], images: [] };

/** Reads a text as whoever is sent it would. */
export function textDocuments(text: string): TextDocuments {
  if (!DOCUMENT.test(text) || !MENTIONS_IMAGE.test(text)) return NOTHING;
  try {
    // A text in a text is JSON that was encoded twice.
    const documents = loadAll(text).filter(
      (document) =>
        typeof document === 'object' ||
        (typeof document === 'string' && document.length < text.length - 1),
    );
    return { documents, images: pairsOf(text).filter(isPlaceholder) };
  } catch {
    // A template or a script; or YAML that others read: tags, a key twice, a broken last document.
    return { documents: [], images: pairsOf(text) };
  }
}
