/** A set of code points. */
export type RuneSet = (rune: number) => boolean;

const code = (character: string): number => character.charCodeAt(0);

export function range(low: number, high: number): RuneSet {
  return (rune) => rune >= low && rune <= high;
}

export function anyOf(...sets: readonly RuneSet[]): RuneSet {
  return (rune) => sets.some((set) => set(rune));
}

export function not(set: RuneSet): RuneSet {
  return (rune) => !set(rune);
}

const span = (ends: string): RuneSet => range(code(ends[0] ?? ''), code(ends[1] ?? ''));
const only = (characters: string): RuneSet => {
  const runes = new Set(Array.from(characters, code));
  return (rune) => runes.has(rune);
};

const DIGIT = span('09');
const ALPHA = anyOf(span('AZ'), span('az'));
const ALNUM = anyOf(DIGIT, ALPHA);
const GRAPH = span('!~');

/** `\w`. */
export const WORD = anyOf(ALNUM, only('_'));

/** `\d`, `\s`, `\w`; the capital letter is the complement. ASCII only. */
const PERL: Readonly<Record<string, RuneSet>> = { d: DIGIT, s: only('\t\n\f\r '), w: WORD };

export function perlClass(letter: string): RuneSet | undefined {
  const small = letter.toLowerCase();
  const set = Object.hasOwn(PERL, small) ? PERL[small] : undefined;
  return set && (letter === small ? set : not(set));
}

/** `[:name:]` in brackets. */
const POSIX: Readonly<Record<string, RuneSet>> = {
  alnum: ALNUM,
  alpha: ALPHA,
  ascii: range(0, 0x7f),
  blank: only('\t '),
  cntrl: anyOf(range(0, 0x1f), range(0x7f, 0x7f)),
  digit: DIGIT,
  graph: GRAPH,
  lower: span('az'),
  print: span(' ~'),
  punct: (rune) => GRAPH(rune) && !ALNUM(rune),
  space: only('\t\n\v\f\r '),
  upper: span('AZ'),
  word: WORD,
  xdigit: anyOf(DIGIT, span('AF'), span('af')),
};

/** @param name - With leading `^` for the complement. */
export function posixClass(name: string): RuneSet | undefined {
  const bare = name.startsWith('^') ? name.slice(1) : name;
  const set = Object.hasOwn(POSIX, bare) ? POSIX[bare] : undefined;
  return set && (bare === name ? set : not(set));
}

/** Go's category C does not include unassigned code points. */
const OTHER = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u;

/** `\pX` and `\p{Name}`: a category or a script; with leading `^` the complement. */
export function unicodeClass(name: string): RuneSet | undefined {
  if (name.startsWith('^')) {
    const set = unicodeClass(name.slice(1));
    return set && not(set);
  }
  if (!/^[A-Z][A-Za-z_]*$/.test(name)) return undefined;
  const expression = name === 'C' ? OTHER : name === 'Any' ? /[^]/u : propertyOf(name);
  return expression && ((rune) => expression.test(String.fromCodePoint(rune)));
}

function propertyOf(name: string): RegExp | undefined {
  const property = name.length <= 2 ? `gc=${name}` : `sc=${name}`;
  try {
    return new RegExp(`\\p{${property}}`, 'u');
  } catch {
    // The category or script does not exist.
    return undefined;
  }
}
