import { SignedImageError } from '../error';
import { jsonExcess, MAX_JSON_DEPTH, MAX_JSON_TOKENS } from '../http/json-bounds';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses foreign bytes as one JSON object without duplicate names: parsers differ in which duplicate
 * they use, so that one could be signed and the other used. Input that would take too much time or
 * memory is rejected before it is parsed.
 *
 * @param what name of the document for messages
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseJsonObject(bytes: Buffer, what: string): JsonObject {
  const excess = jsonExcess(bytes);
  if (excess === 'tokens') throw malformed(what, `has more than ${MAX_JSON_TOKENS} JSON values`);
  if (excess === 'depth') throw malformed(what, `is nested deeper than ${MAX_JSON_DEPTH} levels`);
  if (excess === 'length') throw malformed(what, 'has an excessively long number or white space');
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw malformed(what, 'is not JSON');
  }
  if (!isJsonObject(value)) throw malformed(what, 'is not a JSON object');
  checkNames(text, what);
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function malformed(what: string, why: string): SignedImageError {
  return new SignedImageError({ code: 'CONTENT_MALFORMED', message: `${what} ${why}` });
}

/** The names of one object. Most objects have few, and a set for each would need more memory than the document. */
class Names {
  #first: string | undefined;
  #others: Set<string> | undefined;

  /** Returns whether the name is new. */
  add(name: string): boolean {
    if (this.#first === undefined) {
      this.#first = name;
      return true;
    }
    if (this.#first === name || this.#others?.has(name)) return false;
    this.#others ??= new Set();
    this.#others.add(name);
    return true;
  }
}

/** Checks text that is known to be JSON for duplicate names. The frame of a list is `undefined`. */
function checkNames(text: string, what: string): void {
  const frames: (Names | undefined)[] = [];
  let nameNext = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      const names = frames.at(-1);
      if (names && nameNext) {
        const name = nameIn(text.slice(at, end));
        if (!names.add(name))
          throw malformed(what, `has the name ${JSON.stringify(name)} twice in one object`);
        nameNext = false;
      }
      at = end - 1;
    } else if (character === '{' || character === '[') {
      frames.push(character === '{' ? new Names() : undefined);
      nameNext = character === '{';
    } else if (character === '}' || character === ']') {
      frames.pop();
    } else if (character === ',') {
      nameNext = frames.at(-1) !== undefined;
    }
  }
}

/** Returns the name in a quoted string. Only names with escapes are parsed, because parsing is slow. */
function nameIn(quoted: string): string {
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
}

/** Returns the position after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let escapes = 0;
    while (text[at - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return at + 1;
  }
}
