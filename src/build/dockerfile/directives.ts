import { parseBoundedJson } from '../../http/json-bounds';
import { excerpt, trimEndOf } from '../byte-text';

/** The parser directives at the top of a Dockerfile. */
export interface Directives {
  /** The character for escapes and line continuation. */
  readonly escape: string;
  /** The image of the frontend. */
  readonly syntax?: string | undefined;
  readonly problem?: string | undefined;
}

const SPACES = '\t\n\f\r ';

const KNOWN = ['syntax', 'escape', 'check'];

/** White space in Go's regular expressions. */
const SPACE = '\\t\\n\\f\\r ';

const expressionFor = (comment: string): RegExp =>
  new RegExp(`^${comment}[${SPACE}]*([A-Za-z][A-Za-z0-9]*)[${SPACE}]*=([^\\n]+)$`);

const AFTER_NUMBER_SIGN = expressionFor('#');
const AFTER_SLASHES = expressionFor('//');

interface Directive {
  readonly name: string;
  readonly value: string;
}

function directiveOf(line: string, expression: RegExp): Directive | undefined {
  const match = expression.exec(line);
  const name = match?.[1]?.toLowerCase() ?? '';
  if (!KNOWN.includes(name)) return undefined;
  const written = match?.[2] ?? '';
  const value = trimEndOf(written, SPACES).replace(new RegExp(`^[${SPACE}]+`), '');
  // If the value is only white space, its last character is the value.
  return { name, value: value === '' ? written.slice(-1) : value };
}

/**
 * Parses `# escape=`, `# syntax=` and `# check=`, which must precede everything else, each only once.
 *
 * https://docs.docker.com/reference/dockerfile/#parser-directives
 *
 * @param lines - Without line terminators and byte order mark.
 */
export function readDirectives(lines: readonly string[]): Directives {
  const found = new Map<string, string>();
  for (const line of lines) {
    const directive = directiveOf(line.trimStart(), AFTER_NUMBER_SIGN);
    if (!directive) break;
    const { name, value } = directive;
    if (found.has(name)) {
      return { escape: '\\', problem: `the directive ${name} is given twice` };
    }
    found.set(name, value);
  }
  const escape = found.get('escape') ?? '\\';
  if (escape === '\\' || escape === '`') return { escape };
  return { escape: '\\', problem: `the directive escape must be \\ or \`, not ${excerpt(escape)}` };
}

/**
 * Returns the frontend image of a Dockerfile: from a directive with `#` or `//`, after a `#!` line,
 * or from JSON.
 *
 * https://docs.docker.com/build/buildkit/frontend/
 */
export function readSyntax(dockerfile: string): string | undefined {
  const text = dockerfile.replace(/^\uFEFF/, '').replace(/^#![^\n]*(?:\n|$)/, '');
  for (const expression of [AFTER_NUMBER_SIGN, AFTER_SLASHES]) {
    const value = syntaxDirective(text, expression);
    if (value !== undefined) return value;
  }
  return jsonSyntax(text);
}

function syntaxDirective(text: string, expression: RegExp): string | undefined {
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    const directive = directiveOf(line.endsWith('\r') ? line.slice(0, -1) : line, expression);
    if (!directive || seen.has(directive.name)) return undefined;
    if (directive.name === 'syntax') return directive.value.split(' ')[0];
    seen.add(directive.name);
  }
  return undefined;
}

function jsonSyntax(text: string): string | undefined {
  try {
    const value = parseBoundedJson(text);
    if (typeof value !== 'object' || value === null || !('syntax' in value)) return undefined;
    return typeof value.syntax === 'string' ? value.syntax : undefined;
  } catch {
    return undefined;
  }
}
