import { excerpt } from '../excerpt';

/** What the comments at the top of a Dockerfile say to the builder. */
export interface Directives {
  /** The character that escapes, and continues a line. */
  readonly escape: string;
  /** The image of the frontend that reads the rest. */
  readonly syntax?: string | undefined;
  readonly problem?: string | undefined;
}

const KNOWN = ['syntax', 'escape', 'check'];

/** White space in the expressions of Go. */
const SPACE = '[\\t\\n\\f\\r ]';
const DIRECTIVE = (comment: string): RegExp =>
  new RegExp(`^${comment}${SPACE}*([A-Za-z][A-Za-z0-9]*)${SPACE}*=${SPACE}*(.+?)${SPACE}*$`);

/**
 * Reads `# escape=`, `# syntax=` and `# check=`: only before anything else, and each only once.
 *
 * https://docs.docker.com/reference/dockerfile/#parser-directives
 *
 * @param lines - Without what ends them, and without a byte order mark.
 */
export function readDirectives(lines: readonly string[]): Directives {
  const found = new Map<string, string>();
  const pattern = DIRECTIVE('#');
  for (const line of lines) {
    const match = pattern.exec(line.trimStart());
    const name = match?.[1]?.toLowerCase() ?? '';
    if (!KNOWN.includes(name)) break;
    if (found.has(name)) {
      return { escape: '\\', problem: `the directive ${name} is given twice` };
    }
    found.set(name, match?.[2] ?? '');
  }
  const escape = found.get('escape') ?? '\\';
  if (escape === '\\' || escape === '`') return { escape };
  return { escape: '\\', problem: `the directive escape must be \\ or \`, not ${excerpt(escape)}` };
}

/**
 * The frontend image that a Dockerfile names for itself: as a directive with `#` or `//`, behind a
 * line `#!`, or as JSON.
 *
 * https://docs.docker.com/build/buildkit/frontend/
 */
export function readSyntax(dockerfile: string): string | undefined {
  const text = dockerfile.replace(/^\uFEFF/, '').replace(/^#![^\n]*(?:\n|$)/, '');
  for (const comment of ['#', '//']) {
    const value = syntaxDirective(text, DIRECTIVE(comment));
    if (value !== undefined) return value;
  }
  return jsonSyntax(text);
}

function syntaxDirective(text: string, pattern: RegExp): string | undefined {
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    const match = pattern.exec(line.replace(/\r$/, ''));
    const name = match?.[1]?.toLowerCase() ?? '';
    if (!KNOWN.includes(name) || seen.has(name)) return undefined;
    if (name === 'syntax') return match?.[2]?.split(' ')[0];
    seen.add(name);
  }
  return undefined;
}

function jsonSyntax(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('syntax' in value)) return undefined;
    return typeof value.syntax === 'string' ? value.syntax : undefined;
  } catch {
    return undefined;
  }
}
