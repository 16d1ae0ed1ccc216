import { posix } from 'node:path';

import { excerpt, hasRawBytes, textOfBytes, trimSpace } from '../byte-text';
import { ExpressionError } from '../regular';
import { compilePattern, type PathTest } from './pattern';
import { isWellFormed } from './syntax';

/** An error in an ignore file that all builders report. The message contains the line. */
export class IgnoreFileError extends Error {}

/** One line of an ignore file. */
export interface IgnoreRule {
  /** Line in the file, from 1. */
  readonly line: number;
  /** Cleaned, without the `!`. */
  readonly pattern: string;
  /** Whether it begins with `!`: matching paths are included again. */
  readonly isException: boolean;
}

/** Lines of this many bytes or more are rejected, as by the scanner of the builders. */
const MAX_LINE_BYTES = 64 * 1024;

/**
 * Parses an ignore file like moby's `ignorefile` and `patternmatcher`: a byte order mark is dropped, a
 * line that begins with `#` is a comment, white space at both ends and a leading `/` are not part of a
 * pattern, and `.` and `..` are resolved.
 *
 * https://docs.docker.com/build/concepts/context/#dockerignore-files
 *
 * @throws IgnoreFileError
 */
export function readRules(file: Uint8Array): readonly IgnoreRule[] {
  return linesOf(file).flatMap((text, index) => ruleOf(text, index + 1) ?? []);
}

function linesOf(file: Uint8Array): readonly string[] {
  const lines: string[] = [];
  const bytes = Buffer.from(file);
  for (let start = 0; start <= bytes.length;) {
    const feed = bytes.indexOf('\n', start);
    const line = bytes.subarray(start, feed < 0 ? bytes.length : feed);
    if (line.length >= MAX_LINE_BYTES) {
      throw new IgnoreFileError(
        `line ${lines.length + 1}: longer than ${MAX_LINE_BYTES - 1} bytes`,
      );
    }
    const text = textOfBytes(line);
    lines.push(lines.length === 0 && text.startsWith('\uFEFF') ? text.slice(1) : text);
    if (feed < 0) break;
    start = feed + 1;
  }
  return lines;
}

function ruleOf(text: string, line: number): IgnoreRule | undefined {
  if (text.startsWith('#')) return undefined;
  const written = trimSpace(text);
  if (written === '') return undefined;
  const inverted = written.startsWith('!');
  const path = relativePath(inverted ? trimSpace(written.slice(1)) : written);
  // moby parses the pattern again when it compiles it, including `!` and white space.
  const cleaned = clean(trimSpace(inverted ? `!${path}` : path));
  const isException = cleaned.startsWith('!');
  if (cleaned === '!') throw invalid(line, written, 'there is no pattern after "!"');
  const pattern = isException ? cleaned.slice(1) : cleaned;
  if (!isWellFormed(pattern)) throw invalid(line, written);
  return { line, pattern, isException };
}

function relativePath(text: string): string {
  if (text === '') return text;
  const path = clean(text);
  return path.length > 1 && path.startsWith('/') ? path.slice(1) : path;
}

/** Like Go's `filepath.Clean`. */
function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

function invalid(line: number, text: string, why?: string): IgnoreFileError {
  const reason = why === undefined ? '' : `: ${why}`;
  const part = excerpt(text);
  const shown = hasRawBytes(part) ? JSON.stringify(part) : `\`${part}\``;
  return new IgnoreFileError(`line ${line}: invalid pattern ${shown}${reason}`);
}

/** The rules that match a folder, for the paths in it. */
export type FolderMatches = readonly boolean[];

export interface MatchResult {
  readonly ignored: boolean;
  /** The matching rules, for the paths in it if it is a folder. */
  readonly matches: FolderMatches;
}

/** The rules of one ignore file, compiled. */
export class IgnoreRules {
  /** Whether paths below an ignored folder may be included again. */
  readonly hasExceptions: boolean;
  readonly #tests: (PathTest | undefined)[];
  /** Cached matches of the parent folders for `ignores`. */
  readonly #folders = new Map<string, FolderMatches>();

  constructor(private readonly rules: readonly IgnoreRule[]) {
    this.hasExceptions = rules.some((rule) => rule.isException);
    this.#tests = rules.map(() => undefined);
  }

  /**
   * Matches a path against the rules. A rule that matched a folder matches all paths in it, and a rule
   * that cannot change the result is not evaluated, so that its result is unknown to the paths below:
   * this is `MatchesUsingParentResults` of moby's `patternmatcher`, which is used to send contexts.
   *
   * @param path - Relative to the context, with `/`.
   * @param folder - Matches of the parent folder; none for a path at the top.
   * @throws IgnoreFileError for a pattern that builders cannot compile
   */
  match(path: string, folder?: FolderMatches): MatchResult {
    let ignored = false;
    const matches = this.rules.map((rule, index) => {
      const matched =
        folder?.[index] === true || (rule.isException === ignored && this.#test(rule, index)(path));
      if (matched) ignored = !rule.isException;
      return matched;
    });
    return { ignored, matches };
  }

  /** Whether a builder omits a path, taking its parent folders into account. */
  ignores(path: string): boolean {
    let folder: FolderMatches | undefined;
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      folder = this.#folder(path.slice(0, end), folder);
    }
    return this.match(path, folder).ignored;
  }

  #folder(path: string, parent: FolderMatches | undefined): FolderMatches {
    const known = this.#folders.get(path);
    if (known) return known;
    const { matches } = this.match(path, parent);
    this.#folders.set(path, matches);
    return matches;
  }

  #test(rule: IgnoreRule, index: number): PathTest {
    const known = this.#tests[index];
    if (known) return known;
    const test = compile(rule);
    this.#tests[index] = test;
    return test;
  }
}

function compile({ line, pattern }: IgnoreRule): PathTest {
  try {
    return compilePattern(pattern);
  } catch (error) {
    if (error instanceof ExpressionError) throw invalid(line, pattern, error.message);
    throw error;
  }
}
