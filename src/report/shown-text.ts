const SHOWN_LENGTH = 2000;
const LINE_BREAKS = /[\t\n\r\p{Zl}\p{Zp}]+/gu;
/** Control characters, and those that change the order or the visibility of others. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu;

const escapeOf = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/**
 * Returns text from outside as one line of visible characters: control and format characters (such as those for
 * right-to-left text) are shown as `\u{202e}`, and a text that is too long is cut.
 */
export function shownText(text: string): string {
  const cut = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text;
  return cut.replace(LINE_BREAKS, ' ').replace(INVISIBLE, escapeOf).trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for the content of an element, and for an attribute in quotes. */
export function htmlText(text: string): string {
  return shownText(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/**
 * Formats text from outside as a code span, in which neither Markdown nor HTML is interpreted.
 *
 * https://spec.commonmark.org/0.31.2/#code-spans
 */
export function codeSpan(text: string): string {
  const shown = shownText(text);
  if (shown === '') return '(empty)';
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const padding = longest > 0 ? ' ' : '';
  return `${fence}${padding}${shown}${padding}${fence}`;
}

/** Formats text from outside as a code span in a table, where `|` would end the cell. */
export function tableCodeSpan(text: string): string {
  return codeSpan(text.replaceAll('|', escapeOf));
}

/** Returns a URL that can be a link: `https`, without credentials; `undefined` for any other text. */
export function linkTarget(text: string): string | undefined {
  if (!text.startsWith('https://') || shownText(text) !== text) return undefined;
  try {
    const { href, username, password } = new URL(text);
    return username === '' && password === '' ? href : undefined;
  } catch {
    return undefined;
  }
}
