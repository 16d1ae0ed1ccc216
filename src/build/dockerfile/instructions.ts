import { trimEndOf, trimSpace } from '../byte-text';
import { readDirectives } from './directives';
import { lex, WordError } from './lexer';
import { type Command, readCommand, readJsonWords } from './words';

/** One instruction of a Dockerfile with joined continuation lines. */
export interface Instruction {
  /** Upper case. */
  readonly keyword: string;
  readonly flags: readonly string[];
  readonly text: string;
  /** The first line, from 1. */
  readonly line: number;
  /** Whether here-documents follow. */
  readonly hasHeredocs: boolean;
  /** The instruction after ONBUILD. */
  readonly trigger?: Instruction;
}

export interface ParsedDockerfile {
  readonly instructions: readonly Instruction[];
  /** The character of the `escape` directive. */
  readonly escape: string;
  /** Errors that BuildKit reports, too, with their line. `instructions` contains the parts that can be parsed. */
  readonly problems: readonly string[];
}

/** Lines of this many bytes or more are rejected. */
const MAX_LINE_BYTES = 64 * 1024;

/**
 * Parses a Dockerfile into instructions like BuildKit's parser.
 *
 * https://docs.docker.com/reference/dockerfile/#format
 */
export function parseInstructions(dockerfile: string): ParsedDockerfile {
  const lines = dockerfile
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map(withoutEnd);
  const { escape, problem } = readDirectives(lines);
  const problems = problem === undefined ? [] : [problem];
  const long = lines.findIndex((line) => Buffer.byteLength(line) >= MAX_LINE_BYTES);
  if (long >= 0) problems.push(`line ${long + 1} is too long`);
  const instructions: Instruction[] = [];
  const endless = new Set<string>();
  for (let at = 0; at < lines.length;) {
    const { text, end } = logicalLine(lines, at, escape);
    const line = at + 1;
    at = end;
    if (text === undefined) continue;
    const heredocs = readHeredocs(text, escape);
    if (heredocs.problem !== undefined) problems.push(`line ${line}: ${heredocs.problem}`);
    const after = endOfHeredocs(heredocs.words, lines, end, endless);
    if (after === undefined) problems.push(`line ${line}: a here-document does not end`);
    else at = after;
    const hasHeredocs = heredocs.words.length > 0 || text.includes('<<');
    instructions.push(instructionOf(readCommand(text, escape), escape, { line, hasHeredocs }));
  }
  return { instructions, escape, problems };
}

/** Removes the carriage return of CRLF. */
function withoutEnd(line: string): string {
  return trimEndOf(line, '\r');
}

/** Joins a line with its continuation lines, without comments in between; `end` is the next line. */
function logicalLine(
  lines: readonly string[],
  start: number,
  escape: string,
): { readonly text: string | undefined; readonly end: number } {
  const first = trimSpace(`${lines[start] ?? ''}|`).slice(0, -1);
  if (isComment(first) || first === '') return { text: undefined, end: start + 1 };
  let { text, continues } = continuation(first, escape);
  let end = start + 1;
  while (continues && end < lines.length) {
    const line = lines[end++] ?? '';
    if (isComment(line) || trimSpace(line) === '') continue;
    const next = continuation(line, escape);
    text += next.text;
    ({ continues } = next);
  }
  return { text: trimSpace(text) === '' ? undefined : text, end };
}

function isComment(line: string): boolean {
  return trimSpace(line).startsWith('#');
}

/** A line continues if it ends with an escape character that is not itself escaped. */
function continuation(
  line: string,
  escape: string,
): { readonly text: string; readonly continues: boolean } {
  const text = trimEndOf(line, ' \t');
  if (!text.endsWith(escape) || text.endsWith(escape + escape)) {
    return { text: line, continues: false };
  }
  return { text: text.slice(0, -1), continues: true };
}

function instructionOf(
  { keyword, flags, text }: Command,
  escape: string,
  position: Pick<Instruction, 'line' | 'hasHeredocs'>,
): Instruction {
  const upper = keyword.toUpperCase();
  const instruction = { keyword: upper, flags, text, ...position };
  if (upper !== 'ONBUILD' || text === '') return instruction;
  const trigger = readCommand(text, escape);
  // ONBUILD ONBUILD is invalid.
  if (trigger.keyword.toUpperCase() === 'ONBUILD') return instruction;
  return { ...instruction, trigger: instructionOf(trigger, escape, position) };
}

interface HeredocWord {
  readonly name: string;
  readonly stripsTabs: boolean;
}

interface HeredocWords {
  readonly words: readonly HeredocWord[];
  readonly problem?: string;
}

/** https://docs.docker.com/reference/dockerfile/#here-documents */
function readHeredocs(line: string, escape: string): HeredocWords {
  if (!line.includes('<<') || !mayHoldHeredocs(readCommand(line, escape), escape)) {
    return { words: [] };
  }
  const unset = (): undefined => undefined;
  let words: readonly string[];
  try {
    words = lex(line, unset, { keepsQuotes: true, keepsEscapes: true, keepsUnset: true }).words;
  } catch (error) {
    if (error instanceof WordError) return { words: [] };
    throw error;
  }
  try {
    return { words: words.flatMap((word) => heredocOf(word) ?? []) };
  } catch (error) {
    if (error instanceof WordError) return { words: [], problem: error.message };
    throw error;
  }
}

function mayHoldHeredocs(command: Command, escape: string): boolean {
  const keyword = command.keyword.toUpperCase();
  const { keyword: inner, text } =
    keyword === 'ONBUILD' ? readCommand(command.text, escape) : command;
  if (!['ADD', 'COPY', 'RUN'].includes(inner.toUpperCase())) return false;
  const json = readJsonWords(text);
  return json === undefined || json === 'invalid';
}

function heredocOf(word: string): HeredocWord | undefined {
  const match = /^[0-9]*<<(-?)[\t\n\f\r ]*([^<]+)$/.exec(word);
  if (!match) return undefined;
  const { words } = lex(match[2] ?? '', () => undefined, { keepsUnset: true });
  const [name] = words;
  if (name === undefined || words.length !== 1) return undefined;
  return { name, stripsTabs: match[1] === '-' };
}

/**
 * Returns the line after the last here-document; `undefined` if one is not terminated.
 *
 * @param endless - Words without a terminating line, so that each is searched only once.
 */
function endOfHeredocs(
  words: readonly HeredocWord[],
  lines: readonly string[],
  start: number,
  endless: Set<string>,
): number | undefined {
  let at = start;
  for (const { name, stripsTabs } of words) {
    const word = `${stripsTabs ? '-' : ''} ${name}`;
    if (endless.has(word)) return undefined;
    const end = lines.findIndex(
      (line, index) => index >= at && (stripsTabs ? line.replace(/^\t+/, '') : line) === name,
    );
    if (end < 0) {
      endless.add(word);
      return undefined;
    }
    at = end + 1;
  }
  return at;
}
