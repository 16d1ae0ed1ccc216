/**
 * Decodes bytes to text without loss. File names and ignore files are bytes that need not be UTF-8;
 * builders compare and send them unchanged. A byte that is not part of a UTF-8 sequence becomes one of
 * the surrogates U+DC80 to U+DCFF, which UTF-8 cannot encode, so that different bytes are different
 * text. Valid UTF-8 is decoded normally.
 */
export function textOfBytes(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  if (!text.includes('\uFFFD')) return text;
  let out = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    out +=
      length === 0
        ? String.fromCharCode(ESCAPES + (bytes[at] ?? 0))
        : Buffer.from(bytes.subarray(at, at + length)).toString('utf8');
    at += Math.max(length, 1);
  }
  return out;
}

const ESCAPES = 0xdc00;
const REPLACEMENT = 0xfffd;

/**
 * Returns the code points of such text as Go's `range` does: bytes that are not UTF-8 are U+FFFD.
 */
export function runesOf(text: string): readonly number[] {
  return Array.from(text, (character) => {
    const rune = character.codePointAt(0) ?? REPLACEMENT;
    return isSurrogate(rune) ? REPLACEMENT : rune;
  });
}

/** Whether the text contains a byte that is not UTF-8. */
export function hasRawBytes(text: string): boolean {
  return Array.from(text).some((character) => isSurrogate(character.codePointAt(0) ?? 0));
}

function isSurrogate(rune: number): boolean {
  return rune >= 0xd800 && rune <= 0xdfff;
}

/** Smallest code points of sequences of two, three and four bytes: overlong forms are invalid. */
const MIN_CODE_POINTS = [0, 0, 0x80, 0x800, 0x10000];

/** Returns the length of the UTF-8 sequence at a position; 0 if it is invalid. RFC 3629, section 4. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
  if (length === 0 || first > 0xf4) return 0;
  let rune = first & (0xff >> (length + 1));
  for (let index = 1; index < length; index++) {
    const next = bytes[at + index];
    if (next === undefined || (next & 0xc0) !== 0x80) return 0;
    rune = (rune << 6) | (next & 0x3f);
  }
  const valid = rune >= (MIN_CODE_POINTS[length] ?? 0) && rune <= 0x10ffff && !isSurrogate(rune);
  return valid ? length : 0;
}

const SPACES = new Set([
  ...[0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0x1680],
  ...[0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a],
  ...[0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
]);

/** White space as in Go's `unicode.IsSpace`: unlike `\s` with U+0085 and without U+FEFF. */
export function isSpace(character: string): boolean {
  return SPACES.has(character.charCodeAt(0));
}

/** Removes white space at both ends, like Go's `strings.TrimSpace`. */
export function trimSpace(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpace(text[start] ?? '')) start++;
  while (end > start && isSpace(text[end - 1] ?? '')) end--;
  return text.slice(start, end);
}

/** Removes these characters at the end; a regular expression would take quadratic time. */
export function trimEndOf(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] ?? '')) end--;
  return text.slice(0, end);
}

const MAX_EXCERPT_LENGTH = 120;

/** Truncates text from a file for a message. */
export function excerpt(text: string): string {
  return text.length <= MAX_EXCERPT_LENGTH ? text : `${text.slice(0, MAX_EXCERPT_LENGTH)}...`;
}
