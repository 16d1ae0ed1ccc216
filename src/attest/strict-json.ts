import { SignedImageError } from '../error';

const MAX_DEPTH = 64;
const WHITESPACE = /[\t\n\r ]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y;
const SCALAR = /(?:true|false|null|-?[0-9][-+.eE0-9]*)/y;

/** Walks the text once, only to find names that occur twice; `JSON.parse` checks all else. */
class DuplicateSearch {
  private position = 0;

  constructor(private readonly text: string) {}

  run(): void {
    this.value(0);
  }

  private value(depth: number): void {
    if (depth > MAX_DEPTH) throw new SyntaxError(`it is nested deeper than ${MAX_DEPTH} levels`);
    this.take(WHITESPACE);
    const start = this.text[this.position];
    if (start === '{') this.members(depth);
    else if (start === '[') this.elements(depth);
    else this.take(start === '"' ? STRING : SCALAR);
    this.take(WHITESPACE);
  }

  private members(depth: number): void {
    const names = new Set<string>();
    this.list('}', () => {
      this.take(WHITESPACE);
      const name = String(JSON.parse(this.take(STRING)));
      if (names.has(name)) throw new SyntaxError(`the name ${JSON.stringify(name)} occurs twice`);
      names.add(name);
      this.take(WHITESPACE);
      this.position += 1;
      this.value(depth + 1);
    });
  }

  private elements(depth: number): void {
    this.list(']', () => this.value(depth + 1));
  }

  private list(end: string, element: () => void): void {
    this.position += 1;
    this.take(WHITESPACE);
    if (this.text[this.position] === end) {
      this.position += 1;
      return;
    }
    for (;;) {
      element();
      const next = this.text[this.position];
      this.position += 1;
      if (next === end) return;
    }
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const taken = pattern.exec(this.text)?.[0];
    if (taken === undefined) throw new SyntaxError(`unexpected text at ${this.position}`);
    this.position += taken.length;
    return taken;
  }
}

/**
 * Parses signed JSON. Stricter than `JSON.parse` where parsers differ from each other, so that
 * all readers of the same bytes read the same: UTF-8 only, no name twice in an object, at most 64
 * levels.
 *
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // First the whole grammar; the search may then rely on it.
    const value: unknown = JSON.parse(text);
    new DuplicateSearch(text).run();
    return value;
  } catch (error) {
    throw new SignedImageError({
      code: 'CONTENT_MALFORMED',
      message: `not acceptable as signed JSON: ${error instanceof SyntaxError ? error.message : 'it is not UTF-8'}`,
      cause: error,
    });
  }
}

/** A JSON object, as opposed to an array, a scalar or null. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
