import { loadAll } from 'js-yaml';

import { isImageKey } from './image-key';

/** Objects inside of a text: values of a chart, a manifest, a patch. */
export interface TextDocuments {
  readonly documents: readonly unknown[];
  /** Images in a text that is not valid YAML, and placeholders that YAML parses as another type. */
  readonly images: readonly string[];
}

const DOCUMENT = /[\n{[]|: /;
/** In JSON and YAML, any character may be written as an escape sequence. */
const MAY_CONTAIN_IMAGE = /image|repository|\\[uUx]/i;

/**
 * `image: nginx` at the start of a member, in JSON, in YAML, or in text that is nearly one of them; YAML
 * tags and anchors are skipped.
 */
const PAIR =
  /(?:^|[{,])[\s"'-]*([A-Za-z][\w.-]*)["']?[ \t]*:[ \t]*(?:[!&]\S*[ \t]+)*["']?(\{\{[^}\n]*\}\}|[^\s"',{}[\]]+)/gm;
/** Templates of alerts: `$labels.image` is a label of a metric. */
const MEASURED = /^\{\{-?\s*\$/;

function pairsOf(text: string): readonly string[] {
  return [...text.matchAll(PAIR)].flatMap(([, key = '', value = '']) =>
    isImageKey(key) && !MEASURED.test(value) ? [value] : [],
  );
}

const isPlaceholder = (value: string): boolean => value.startsWith('{{');

const NOTHING: TextDocuments = { documents: [], images: [] };

/** Parses a text like its consumer would. */
export function textDocuments(text: string): TextDocuments {
  if (!DOCUMENT.test(text) || !MAY_CONTAIN_IMAGE.test(text)) return NOTHING;
  try {
    // A string inside of a text is JSON that was encoded twice.
    const documents = loadAll(text).filter(
      (document) =>
        typeof document === 'object' ||
        (typeof document === 'string' && document.length < text.length - 1),
    );
    return { documents, images: pairsOf(text).filter(isPlaceholder) };
  } catch {
    // A template or a script; or YAML that other parsers accept: tags, duplicate keys, a broken last document.
    return { documents: [], images: pairsOf(text) };
  }
}
