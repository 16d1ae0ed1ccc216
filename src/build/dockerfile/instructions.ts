import { trimEndOf, trimSpace } from '../byte-text';
import { readDirectives } from './directives';
import { lex, WordError } from './lexer';
import { type Command, readCommand, readJsonWords } from './words';

/** One instruction of a Dockerfile, its continuation lines joined. */
export interface Instruction {
  /** Upper case. */
  readonly keyword: string;
  readonly flags: readonly string[];
  readonly text: string;
  /** The line that it begins on, from 1. */
  readonly line: number;
  /** Whether lines after it are its here-documents. */
  readonly hasHeredocs: boolean;
  /** The instruction behind ONBUILD. */
  readonly trigger?: Instruction;
}

export interface ParsedDockerfile {
  readonly instructions: readonly Instruction[];
  /** The character of the `escape` directive. */
  readonly escape: string;
  /** What BuildKit refuses too, with its line. The instructions are what can be read nevertheless. */
  readonly problems: readonly string[];
}

/** A line of this many bytes is refused. */
const LINE_LIMIT = 64 * 1024;

/**
 * Reads a Dockerfile into instructions, as BuildKit's parser does.
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
  const long = lines.findIndex((line) => Buffer.byteLength(line) >= LINE_LIMIT);
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

/** Line feeds split; what is left of CRLF goes. */
function withoutEnd(line: string): string {
  return trimEndOf(line, '\r');
}

/** A line with those that continue it; `end` is the next line. Comments in between are left out. */
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

/** An escape character at the end, unless it is itself escaped by one before it. */
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
  place: Pick<Instruction, 'line' | 'hasHeredocs'>,
): Instruction {
  const upper = keyword.toUpperCase();
  const instruction = { keyword: upper, flags, text, ...place };
  if (upper !== 'ONBUILD' || text === '') return instruction;
  const trigger = readCommand(text, escape);
  // ONBUILD ONBUILD is refused: one level is all there is.
  if (trigger.keyword.toUpperCase() === 'ONBUILD') return instruction;
  return { ...instruction, trigger: instructionOf(trigger, escape, place) };
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
 * The line after the last here-document; `undefined` if one has no end.
 *
 * @param endless - Words that no later line ends, so that each is searched for once.
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
