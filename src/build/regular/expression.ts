import {
  anyOf,
  not,
  perlClass,
  posixClass,
  range,
  type RuneSet,
  unicodeClass,
  WORD,
} from './character-class';
import { type Assertion, either, optional, type Program, repeated, zeroOrMore } from './program';

/** An expression that Go's `regexp` rejects. */
export class ExpressionError extends Error {}

/**
 * Compiles the subset of Go's regular expressions to which ignore patterns are translated: characters,
 * escapes, classes in brackets, `.`, `^`, `$`, groups, `|`, and `*`, `?` and `{n,m}` after any of
 * these. An escape in a pattern (`\d`, `\x41`, `\Qa`) has the same meaning as in Go.
 *
 * https://pkg.go.dev/regexp/syntax
 *
 * @throws ExpressionError
 */
export function compileExpression(source: string): Program {
  const reader = new Reader(source);
  const program = reader.sequence();
  if (!reader.atEnd) throw new ExpressionError('unexpected )');
  return program;
}

const LINE_FEED = 0x0a;

/** Maximum count of `{n,m}` in Go. */
const MAX_COUNT = 1000;

/** Maximum length of `{n,m}`, longer than any accepted count. */
const MAX_COUNT_LENGTH = 64;

const begin: Assertion = (before) => before === undefined;
const end: Assertion = (_, after) => after === undefined;
const isWord = (rune: number | undefined): boolean => rune !== undefined && WORD(rune);
const boundary: Assertion = (before, after) => isWord(before) !== isWord(after);
const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: begin,
  z: end,
  b: boundary,
  B: (before, after) => !boundary(before, after),
};

const CONTROLS: Readonly<Record<string, number>> = {
  ...{ a: 0x07, f: 0x0c, n: LINE_FEED, r: 0x0d, t: 0x09, v: 0x0b },
};

class Reader {
  readonly #runes: readonly string[];
  #at = 0;

  constructor(source: string) {
    this.#runes = Array.from(source);
  }

  get atEnd(): boolean {
    return this.#at >= this.#runes.length;
  }

  /** Reads up to the end, or to the `)` of the enclosing group. */
  sequence(): Program {
    let parts: Program[] = [];
    const alternatives: Program[] = [];
    while (!this.atEnd && this.#peek() !== ')') {
      if (this.#peek() === '|') {
        this.#next();
        alternatives.push(parts.flat());
        parts = [];
      } else {
        if (parts.length === 0 && this.#repetition()) throw repetition('missing argument to');
        parts.push(this.#repeated(this.#atom()));
      }
    }
    return alternatives.reduceRight((rest, one) => either(one, rest), parts.flat());
  }

  #peek(offset = 0): string {
    return this.#runes[this.#at + offset] ?? '';
  }

  #next(): string {
    const rune = this.#runes[this.#at++];
    if (rune === undefined) throw new ExpressionError('unexpected end of the expression');
    return rune;
  }

  #repeated(program: Program): Program {
    const simple = { '*': zeroOrMore, '?': optional }[this.#peek()];
    const counted = this.#repetition();
    if (!simple && !counted) return program;
    this.#at += counted?.length ?? 1;
    if (this.#repetition()) throw repetition('invalid nested');
    if (simple) return simple(program);
    const { min, max = min } = counted ?? { min: 0 };
    if (min > MAX_COUNT || max > MAX_COUNT || max < min) {
      throw repetition('invalid count of');
    }
    return repeated(program, min, counted?.max === undefined ? undefined : max);
  }

  /** Parses `{n}`, `{n,}` or `{n,m}`; other braces are characters. Without `max` the count is unlimited. */
  #repetition(): { length: number; min: number; max?: number } | undefined {
    if (this.#peek() !== '{') return undefined;
    const text = this.#runes.slice(this.#at, this.#at + MAX_COUNT_LENGTH).join('');
    const match = /^\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\}/.exec(text);
    if (!match) return undefined;
    const [{ length }, min = '', comma, upper] = match;
    const max = comma === undefined ? min : upper;
    return { length, min: Number(min), ...(max !== undefined && { max: Number(max) }) };
  }

  #atom(): Program {
    const rune = this.#next();
    switch (rune) {
      case '(':
        return this.#group();
      case '[':
        return [{ op: 'rune', accepts: this.#brackets() }];
      case '.':
        return [{ op: 'rune', accepts: (found) => found !== LINE_FEED }];
      case '^':
        return [{ op: 'assert', holds: begin }];
      case '$':
        return [{ op: 'assert', holds: end }];
      case '\\':
        return this.#escaped();
      default:
        return literal(rune);
    }
  }

  #group(): Program {
    const program = this.sequence();
    if (this.#next() !== ')') throw new ExpressionError('missing )');
    return program;
  }

  #escaped(): Program {
    const letter = this.#peek();
    const assertion = Object.hasOwn(ASSERTIONS, letter) ? ASSERTIONS[letter] : undefined;
    if (assertion) {
      this.#next();
      return [{ op: 'assert', holds: assertion }];
    }
    if (letter === 'Q') {
      this.#next();
      return this.#quoted();
    }
    return [{ op: 'rune', accepts: this.#escapedSet() }];
  }

  /** Reads `\Q...\E`, or up to the end. */
  #quoted(): Program {
    const parts: Program[] = [];
    while (!this.atEnd && !(this.#peek() === '\\' && this.#peek(1) === 'E')) {
      parts.push(literal(this.#next()));
    }
    this.#at += 2;
    return parts.flat();
  }

  /** Reads the part after a backslash, if it is a character or class. */
  #escapedSet(): RuneSet {
    const letter = this.#peek();
    if (letter === 'p' || letter === 'P') {
      this.#next();
      const set = unicodeClass(this.#className());
      if (!set) throw new ExpressionError('invalid character class range');
      return letter === 'p' ? set : not(set);
    }
    const set = perlClass(letter);
    if (set) this.#next();
    return set ?? single(this.#escapedRune());
  }

  /** Reads one letter, or a name in braces. */
  #className(): string {
    const first = this.#next();
    if (first !== '{') return first;
    let name = '';
    for (let next = this.#next(); next !== '}'; next = this.#next()) name += next;
    return name;
  }

  #escapedRune(): number {
    const letter = this.#next();
    if (/^[0-7]$/.test(letter)) return this.#octal(letter);
    if (letter === 'x') return this.#hexadecimal();
    if (Object.hasOwn(CONTROLS, letter)) return CONTROLS[letter] ?? 0;
    const rune = runeOf(letter);
    if (rune < 0x80 && !/^[A-Za-z0-9]$/.test(letter)) return rune;
    throw new ExpressionError('invalid escape sequence');
  }

  /** Reads two digits, or any number of them in braces. */
  #hexadecimal(): number {
    const braces = this.#peek() === '{';
    const digits = braces ? this.#className() : this.#next() + this.#next();
    const rune = /^[0-9A-Fa-f]+$/.test(digits) ? Number.parseInt(digits, 16) : Infinity;
    if (rune > 0x10ffff) throw new ExpressionError('invalid escape sequence');
    return rune;
  }

  /** Reads up to three digits; `\1` alone would be a group reference, which Go does not support. */
  #octal(first: string): number {
    if (first !== '0' && !/^[0-7]$/.test(this.#peek())) {
      throw new ExpressionError('invalid escape sequence');
    }
    let digits = first;
    while (digits.length < 3 && /^[0-7]$/.test(this.#peek())) digits += this.#next();
    return Number.parseInt(digits, 8);
  }

  /** Reads a class after the opening bracket. */
  #brackets(): RuneSet {
    const negated = this.#peek() === '^';
    if (negated) this.#next();
    const sets: RuneSet[] = [];
    while (sets.length === 0 || this.#peek() !== ']') sets.push(this.#bracketItem());
    this.#next();
    return negated ? not(anyOf(...sets)) : anyOf(...sets);
  }

  #bracketItem(): RuneSet {
    const named = this.#named();
    if (named) return named;
    if (this.#peek() === '\\' && /^[pPdDsSwW]$/.test(this.#peek(1))) {
      this.#next();
      return this.#escapedSet();
    }
    const low = this.#bracketRune();
    if (this.#peek() !== '-' || this.#peek(1) === ']' || this.#peek(1) === '') return single(low);
    this.#next();
    const high = this.#bracketRune();
    if (high < low) throw new ExpressionError('invalid character class range');
    return range(low, high);
  }

  /** Reads `[:name:]` if it is terminated. */
  #named(): RuneSet | undefined {
    if (this.#peek() !== '[' || this.#peek(1) !== ':') return undefined;
    const close = this.#runes.findIndex(
      (rune, index) => index > this.#at + 1 && rune === ':' && this.#runes[index + 1] === ']',
    );
    if (close < 0) return undefined;
    const set = posixClass(this.#runes.slice(this.#at + 2, close).join(''));
    if (!set) throw new ExpressionError('invalid character class range');
    this.#at = close + 2;
    return set;
  }

  #bracketRune(): number {
    const rune = this.#next();
    return rune === '\\' ? this.#escapedRune() : runeOf(rune);
  }
}

function repetition(what: string): ExpressionError {
  return new ExpressionError(`${what} repetition`);
}

function runeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function single(rune: number): RuneSet {
  return (found) => found === rune;
}

function literal(character: string): Program {
  return [{ op: 'rune', accepts: single(runeOf(character)) }];
}
