import { posix } from 'node:path';

import { excerpt, hasRawBytes, textOfBytes, trimSpace } from '../byte-text';
import { ExpressionError } from '../regular';
import { compilePattern, type PathTest } from './pattern';
import { isWellFormed } from './syntax';

/** What an ignore file says that no builder accepts. The message names the line. */
export class IgnoreFileError extends Error {}

/** One line of an ignore file. */
export interface IgnoreRule {
  /** In the file, from 1. */
  readonly line: number;
  /** Cleaned, without the `!`. */
  readonly pattern: string;
  /** Whether it begins with `!`: what it matches is taken back in. */
  readonly isException: boolean;
}

/** A line of this many bytes and more is refused, as by the scanner that builders read with. */
const LINE_LIMIT = 64 * 1024;

/**
 * Reads an ignore file as moby's `ignorefile` and `patternmatcher` do: a byte order mark is dropped,
 * a line that begins with `#` is a comment, white space at both ends and a `/` in front are not part
 * of a pattern, and `.` and `..` are resolved.
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
    if (line.length >= LINE_LIMIT) {
      throw new IgnoreFileError(`line ${lines.length + 1}: longer than ${LINE_LIMIT - 1} bytes`);
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
  // Read a second time where it is compiled, which sees `!` and white space again.
  const cleaned = clean(trimSpace(inverted ? `!${path}` : path));
  const isException = cleaned.startsWith('!');
  if (cleaned === '!') throw invalid(line, written, 'nothing follows the "!"');
  const pattern = isException ? cleaned.slice(1) : cleaned;
  if (!isWellFormed(pattern)) throw invalid(line, written);
  return { line, pattern, isException };
}

function relativePath(text: string): string {
  if (text === '') return text;
  const path = clean(text);
  return path.length > 1 && path.startsWith('/') ? path.slice(1) : path;
}

/** As Go's `filepath.Clean`. */
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

/** What the rules say of a folder, for the paths in it. */
export type FolderMatches = readonly boolean[];

export interface Verdict {
  readonly ignored: boolean;
  /** For the paths below, if it is a folder. */
  readonly matches: FolderMatches;
}

/** The rules of one ignore file, compiled. */
export class IgnoreRules {
  /** Whether something below an ignored folder may be taken back in. */
  readonly hasExceptions: boolean;
  readonly #tests: (PathTest | undefined)[];
  /** Of the folders of paths that `ignores` was called with. */
  readonly #folders = new Map<string, FolderMatches>();

  constructor(private readonly rules: readonly IgnoreRule[]) {
    this.hasExceptions = rules.some((rule) => rule.isException);
    this.#tests = rules.map(() => undefined);
  }

  /**
   * Whether a builder leaves out a path. A rule that matched a folder matches all in it, and a rule
   * that cannot change the answer is not asked, so that it is unknown to the paths below: this is
   * `MatchesUsingParentResults` of moby's `patternmatcher`, by which contexts are sent.
   *
   * @param path - Relative to the context, with `/`.
   * @param folder - Of the folder that the path is in; none for a path at the top.
   * @throws IgnoreFileError for a pattern that no builder can compile
   */
  judge(path: string, folder?: FolderMatches): Verdict {
    let ignored = false;
    const matches = this.rules.map((rule, index) => {
      const matched =
        folder?.[index] === true || (rule.isException === ignored && this.#test(rule, index)(path));
      if (matched) ignored = !rule.isException;
      return matched;
    });
    return { ignored, matches };
  }

  /** Whether a builder leaves out a path, with what the rules say of the folders that it is in. */
  ignores(path: string): boolean {
    let folder: FolderMatches | undefined;
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      folder = this.#folder(path.slice(0, end), folder);
    }
    return this.judge(path, folder).ignored;
  }

  #folder(path: string, parent: FolderMatches | undefined): FolderMatches {
    const known = this.#folders.get(path);
    if (known) return known;
    const { matches } = this.judge(path, parent);
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
