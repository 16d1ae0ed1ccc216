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

export type JsonExcess = 'tokens' | 'depth';

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
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at += 1;
      while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      tokens += 1;
      depth += 1;
      if (depth > MAX_JSON_DEPTH) return 'depth';
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      depth -= 1;
    } else if (byte === COMMA || byte === COLON) {
      tokens += 1;
    }
    if (tokens > maxTokens) return 'tokens';
  }
  return undefined;
}

export function isBoundedJson(bytes: Uint8Array, maxTokens: number): boolean {
  return jsonExcess(bytes, maxTokens) === undefined;
}
