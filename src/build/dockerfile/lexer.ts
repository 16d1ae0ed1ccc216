import { isSpace } from '../byte-text';
import { replaceAll, replaceFirst, ShellPatternError, trimEnd, trimStart } from './shell-pattern';

export type Lookup = (name: string) => string | undefined;

/** A word that BuildKit rejects, too. */
export class WordError extends Error {}

export interface LexerOptions {
  /** The character of the `escape` directive. Default: a backslash. */
  readonly escape?: string;
  /** Keep quotes in the result. */
  readonly keepsQuotes?: boolean;
  /** Keep escape characters in the result. */
  readonly keepsEscapes?: boolean;
  /** Keep references to unset variables, instead of expanding them to the empty string. */
  readonly keepsUnset?: boolean;
}

export interface LexerResult {
  readonly text: string;
  /** The text split at unquoted white space. */
  readonly words: readonly string[];
}

/**
 * Removes quotes and expands variables like BuildKit's shell lexer: `$NAME`, `${NAME}`, and in braces
 * `-`, `:-`, `+`, `:+`, `?`, `:?`, `#`, `##`, `%`, `%%`, `/` and `//`.
 *
 * https://docs.docker.com/reference/dockerfile/#environment-replacement
 *
 * @throws WordError
 */
export function lex(text: string, lookup: Lookup, options: LexerOptions = {}): LexerResult {
  return new Lexer(text, lookup, options).read();
}

const BYTE_ORDER_MARK = '\uFEFF';

/** Maximum nesting of `${`; BuildKit is limited only by its stack. */
const MAX_DEPTH = 500;

class Lexer {
  readonly #characters: readonly string[];
  readonly #escape: string;
  #keepsEscapes: boolean;
  #at = 0;
  #depth = 0;
  /** Shared by all levels: BuildKit discards the word before a nested one, which is reproduced here. */
  #word = '';

  constructor(
    text: string,
    private readonly lookup: Lookup,
    private readonly options: LexerOptions,
  ) {
    this.#characters = Array.from(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
    this.#escape = options.escape ?? '\\';
    this.#keepsEscapes = options.keepsEscapes ?? false;
  }

  read(): LexerResult {
    return this.#until(undefined, this.#keepsEscapes);
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string | undefined {
    return this.#characters[this.#at++];
  }

  /** Reads up to a character, which is consumed; `undefined`: up to the end. */
  #until(stop: string | undefined, keepsEscapes: boolean): LexerResult {
    if (++this.#depth > MAX_DEPTH) throw new WordError('variables are nested too deeply');
    const outer = this.#keepsEscapes;
    this.#keepsEscapes = keepsEscapes;
    try {
      return this.#scan(stop);
    } finally {
      this.#keepsEscapes = outer;
      this.#depth--;
    }
  }

  #scan(stop: string | undefined): LexerResult {
    const words: string[] = [];
    let text = '';
    let inWord = false;
    this.#word = '';
    const add = (raw: string): void => {
      this.#word += raw;
      inWord = true;
    };
    const finish = (): void => {
      if (this.#word !== '') words.push(this.#word);
      this.#word = '';
    };
    const split = (characters: string): void => {
      for (const character of characters) {
        if (!isSpace(character)) add(character);
        else if (inWord && this.#word !== '') {
          finish();
          inWord = false;
        }
      }
    };
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (next === stop) {
        this.#at++;
        finish();
        return { text, words };
      }
      if (next === '$') {
        const value = this.#variable();
        text += value;
        split(value);
      } else if (next === "'" || next === '"' || next === '<') {
        const value =
          next === '<' ? this.#arrows() : next === "'" ? this.#literal() : this.#quoted();
        text += value;
        add(value);
      } else if (next === this.#escape) {
        this.#at++;
        if (this.#keepsEscapes) {
          add(next);
          text += next;
        }
        const escaped = this.#next();
        if (escaped === undefined) break;
        add(escaped);
        text += escaped;
      } else {
        this.#at++;
        split(next);
        text += next;
      }
    }
    if (stop !== undefined) throw new WordError(`missing ${stop}`);
    finish();
    return { text, words };
  }

  /** Reads `<<` and following white space, with which the word of a here-document begins. */
  #arrows(): string {
    this.#at++;
    if (this.#peek() !== '<') return '<';
    let text = '<<';
    this.#at++;
    for (let next = this.#peek(); next !== undefined && /[\t\r ]/.test(next); next = this.#peek()) {
      text += next;
      this.#at++;
    }
    return text;
  }

  /** Reads single quotes, in which escapes are not supported. */
  #literal(): string {
    const end = this.#characters.indexOf("'", this.#at + 1);
    if (end < 0) throw new WordError('missing a single quote');
    const text = this.#characters.slice(this.#at + 1, end).join('');
    this.#at = end + 1;
    return this.options.keepsQuotes ? `'${text}'` : text;
  }

  /** Reads double quotes, in which `"`, `$` and the escape character can be escaped. */
  #quoted(): string {
    this.#at++;
    const quote = this.options.keepsQuotes ? '"' : '';
    let text = quote;
    for (let next = this.#peek(); next !== undefined; next = this.#peek()) {
      if (next === '"') {
        this.#at++;
        return text + quote;
      }
      if (next === '$') {
        text += this.#variable();
        continue;
      }
      this.#at++;
      if (next !== this.#escape) {
        text += next;
        continue;
      }
      if (this.#keepsEscapes) text += next;
      const escaped = this.#peek();
      if (escaped === undefined) continue;
      const special = escaped === '"' || escaped === '$' || escaped === this.#escape;
      text += special ? escaped : next;
      if (special) this.#at++;
    }
    throw new WordError('missing a double quote');
  }

  #variable(): string {
    this.#at++;
    if (this.#peek() !== '{') {
      const name = this.#name();
      if (name === '') return '$';
      return this.lookup(name) ?? (this.options.keepsUnset ? `$${name}` : '');
    }
    this.#at++;
    if ([undefined, '{', '}', ':'].includes(this.#peek())) throw new WordError('bad substitution');
    const name = this.#name();
    const value = this.lookup(name);
    const kept = this.options.keepsUnset === true && value === undefined;
    const operator = this.#next();
    if (operator === '}') return value ?? (kept ? `\${${name}}` : '');
    if (operator === '/') return this.#replaced(name, value, kept);
    const colon = operator === ':';
    const modifier = colon ? this.#next() : operator;
    if (modifier === undefined || !(colon ? '-+?' : '-+?#%').includes(modifier)) {
      // After a colon BuildKit reports this error later; the result is the same.
      throw new WordError(`unsupported modifier ${colon ? ':' : ''}${modifier ?? ''}`);
    }
    const word = this.#until('}', modifier === '#' || modifier === '%').text;
    if (kept) return `\${${name}${colon ? ':' : ''}${modifier}${word}}`;
    return applyModifier(name, value, modifier, colon, word);
  }

  #replaced(name: string, value: string | undefined, kept: boolean): string {
    const all = this.#peek() === '/';
    if (all) this.#at++;
    const pattern = this.#until('/', true).text;
    const replacement = this.#until('}', true).text;
    if (kept) return `\${${name}/${pattern}/${replacement}}`;
    const replace = all ? replaceAll : replaceFirst;
    return withPatternErrors(() => replace(value ?? '', pattern, replacement));
  }

  /** Reads a name: letters, digits and `_`; digits only; or one special parameter of the shell. */
  #name(): string {
    const first = this.#peek() ?? '';
    if (/^\p{Nd}$/u.test(first)) return this.#while(/^\p{Nd}$/u);
    if (/^[@*#?\-$!]$/.test(first)) {
      this.#at++;
      return first;
    }
    return this.#while(/^[\p{L}\p{Nd}_]$/u);
  }

  #while(accepted: RegExp): string {
    const start = this.#at;
    while (accepted.test(this.#peek() ?? '')) this.#at++;
    return this.#characters.slice(start, this.#at).join('');
  }
}

function applyModifier(
  name: string,
  value: string | undefined,
  modifier: string,
  colon: boolean,
  word: string,
): string {
  const isSet = value !== undefined && !(colon && value === '');
  switch (modifier) {
    case '-':
      return isSet ? value : word;
    case '+':
      return isSet ? word : '';
    case '?':
      if (isSet) return value;
      // The word may contain the value of a secret argument, and is not quoted.
      throw new WordError(`${name} is required`);
    default: {
      const greedy = word.startsWith(modifier);
      const trim = modifier === '#' ? trimStart : trimEnd;
      return withPatternErrors(() => trim(value ?? '', greedy ? word.slice(1) : word, greedy));
    }
  }
}

function withPatternErrors(action: () => string): string {
  try {
    return action();
  } catch (error) {
    if (error instanceof ShellPatternError) throw new WordError(error.message);
    throw error;
  }
}
