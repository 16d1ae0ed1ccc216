/** https://www.rfc-editor.org/rfc/rfc3986#appendix-A, without IPvFuture. */
const PCHAR = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
const USER = "(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@";
const NAME = "(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*";
const AUTHORITY = `(?:${USER})?(?:\\[[0-9A-Fa-f:.]+\\]|${NAME})(?::[0-9]*)?`;
const PATH = `(?://${AUTHORITY}(?:/${PCHAR}*)*|/?(?:${PCHAR}+(?:/${PCHAR}*)*)?)`;
const URI = new RegExp(
  `^[A-Za-z][A-Za-z0-9+.-]*:${PATH}(?:\\?(?:${PCHAR}|[/?])*)?(?:#(?:${PCHAR}|[/?])*)?$`,
);

/** Whether a text is a URI with a scheme and a non-empty rest, as defined by RFC 3986. */
export function isUri(text: string): boolean {
  return URI.test(text) && !text.endsWith(':');
}

const ALLOWED_IN_PATH = /[A-Za-z0-9._~!$&'()*+,;=:@/-]/;

/** Percent-encodes every character that RFC 3986 does not allow in a path. */
export function encodedPath(path: string): string {
  return path.replace(/%(?![0-9A-Fa-f]{2})|[^%]/gu, (character) =>
    ALLOWED_IN_PATH.test(character) ? character : percentEncoded(character),
  );
}

function percentEncoded(character: string): string {
  return [...Buffer.from(character, 'utf8')]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
