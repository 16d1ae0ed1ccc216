/** How deep objects and lists may be nested in one another. */
export const MAX_JSON_DEPTH = 64;
/** Objects, lists, members and list items together: an index of ten thousand images has fewer. */
export const MAX_JSON_TOKENS = 500_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const OPEN_LIST = 0x5b;
const CLOSE_OBJECT = 0x7d;
const CLOSE_LIST = 0x5d;

/**
 * Bytes without a string or a structural character: a number, or the white space before a value. A
 * longer one has no use, and takes a parser's time.
 */
const MAX_PLAIN_BYTES = 16 * 1024;

export type JsonExcess = 'tokens' | 'depth' | 'length';

/**
 * Whether parsing the text would take more than is allowed: what is small as text may be large in
 * memory (`{},{},...` takes a hundred bytes for each three), and slow. It takes a fraction of the
 * parser's time, no memory, and reads no further than the limit. The text need not be JSON.
 *
 * @returns what there is too much of; `undefined` when it may be parsed
 */
export function jsonExcess(
  bytes: Uint8Array,
  maxTokens: number = MAX_JSON_TOKENS,
): JsonExcess | undefined {
  let tokens = 0;
  let depth = 0;
  let last = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = closingQuote(bytes, at);
      last = at;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      last = at;
      tokens += 1;
      depth += 1;
      if (depth > MAX_JSON_DEPTH) return 'depth';
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      last = at;
      depth -= 1;
    } else if (byte === COMMA || byte === COLON) {
      last = at;
      tokens += 1;
    } else if (at - last > MAX_PLAIN_BYTES) return 'length';
    if (tokens > maxTokens) return 'tokens';
  }
  return undefined;
}

/** The position of the quote that ends the string which begins at `start`; else the end. */
function closingQuote(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; ; at += 1) {
    at = bytes.indexOf(QUOTE, at);
    if (at < 0) return bytes.length;
    let escapes = 0;
    while (bytes[at - 1 - escapes] === BACKSLASH && at - 1 - escapes > start) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
}

export function isBoundedJson(bytes: Uint8Array, maxTokens: number): boolean {
  return jsonExcess(bytes, maxTokens) === undefined;
}

/**
 * Parses JSON that a service or a file of others gave, if that takes no more than is allowed: deep
 * nesting would also end the stack of what walks over the value later. Everything foreign is parsed
 * here or by `parseJsonObject`.
 *
 * @throws Error that never quotes the text, which may hold a secret
 */
export function parseBoundedJson(
  json: Uint8Array | string,
  maxTokens: number = MAX_JSON_TOKENS,
): unknown {
  const bytes = typeof json === 'string' ? Buffer.from(json) : json;
  if (!isBoundedJson(bytes, maxTokens)) throw new Error('too much JSON to be parsed');
  try {
    return JSON.parse(typeof json === 'string' ? json : Buffer.from(json).toString('utf8'));
  } catch {
    throw new Error('not JSON');
  }
}
