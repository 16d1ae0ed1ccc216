import { parseBoundedJson } from '../../http/json-bounds';
import { isSpace, trimSpace } from '../byte-text';

/** The parts of an instruction line. */
export interface Command {
  /** As written. */
  readonly keyword: string;
  /** Every `--flag` before the arguments, without quotes. */
  readonly flags: readonly string[];
  readonly text: string;
}

/** White space between keyword and arguments, and between the words of a FROM. */
const BLANKS = /[\t\v\f\r ]+/;

export function readCommand(line: string, escape: string): Command {
  const trimmed = trimSpace(line);
  const blank = BLANKS.exec(trimmed);
  if (!blank) return { keyword: trimmed, flags: [], text: '' };
  const { flags, rest } = readFlags(trimmed.slice(blank.index + blank[0].length), escape);
  return { keyword: trimmed.slice(0, blank.index), flags, text: trimSpace(rest) };
}

/** BuildKit parses flags byte by byte: a multi-byte character is several characters here. */
function readFlags(
  line: string,
  escape: string,
): { readonly flags: readonly string[]; readonly rest: string } {
  const bytes = Buffer.from(line, 'utf8').toString('latin1');
  const restFrom = (at: number): string => Buffer.from(bytes.slice(at), 'latin1').toString('utf8');
  const flags: string[] = [];
  let at = 0;
  for (;;) {
    while (at < bytes.length && isSpace(bytes[at] ?? '')) at++;
    if (!bytes.startsWith('--', at)) return { flags, rest: restFrom(at) };
    const word = readFlag(bytes, at, escape);
    at = word.end;
    // `--` ends the flags, unless it is the end of the line.
    if (word.text === '--') return { flags, rest: restFrom(at) };
    flags.push(word.text);
  }
}

function readFlag(
  bytes: string,
  start: number,
  escape: string,
): { readonly text: string; readonly end: number } {
  let text = '';
  let quote = '';
  let at = start;
  for (; at < bytes.length; at++) {
    const character = bytes[at] ?? '';
    if (quote === '' && isSpace(character)) break;
    if (quote === '' ? character === "'" || character === '"' : character === quote) {
      quote = quote === '' ? character : '';
    } else if (character === escape) {
      // At the end of the line the escape character is dropped.
      text += bytes[++at] ?? '';
    } else {
      text += character;
    }
  }
  return { text, end: Math.min(at, bytes.length) };
}

/** Splits the words of FROM and other instructions without quotes. */
export function splitBlanks(text: string): readonly string[] {
  return text === '' ? [] : text.split(BLANKS);
}

/** Splits the words of ARG at unquoted white space; quotes and escapes are kept. */
export function splitQuoted(text: string, escape: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  const characters = Array.from(text);
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (quote === '' && isSpace(character)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    const isEscape = character === escape && quote !== "'";
    if (isEscape && at + 1 === characters.length) break;
    if (isEscape) {
      // The escape character is kept before the escaped character.
      word += character + (characters[++at] ?? '');
      continue;
    }
    if (quote === '' ? character === "'" || character === '"' : character === quote) {
      quote = quote === '' ? character : '';
    }
    word += character;
  }
  if (word !== '') words.push(word);
  return words;
}

/** Parses a JSON array of strings; `undefined`: not an array, `invalid`: not only strings. */
export function readJsonWords(text: string): readonly string[] | 'invalid' | undefined {
  if (!text.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = parseBoundedJson(text);
  } catch {
    return undefined;
  }
  const words = value as readonly unknown[];
  return words.every((word) => typeof word === 'string') ? words : 'invalid';
}
