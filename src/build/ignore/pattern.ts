import { runesOf } from '../byte-text';
import { compileExpression, hasMatch } from '../regular';

/** Whether a pattern matches a path that is relative to the context. */
export type PathTest = (path: string) => boolean;

/**
 * Compiles a cleaned pattern as moby's `patternmatcher` does, to the letter: most of it is translated
 * into a regular expression of Go, so that brackets and escapes mean what they mean there. Case
 * counts, on every system.
 *
 * https://pkg.go.dev/github.com/moby/patternmatcher
 *
 * @throws ExpressionError for a pattern that is valid as one and not as an expression
 */
export function compilePattern(pattern: string): PathTest {
  const { kind, expression } = translate(pattern);
  switch (kind) {
    case 'exact':
      return (path) => path === pattern;
    case 'prefix': {
      const prefix = pattern.slice(0, -2);
      return (path) => path.startsWith(prefix);
    }
    case 'suffix': {
      const suffix = pattern.slice(2);
      return (path) =>
        path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1));
    }
    case 'expression':
      return expressionTest(`^${expression}$`);
  }
}

function expressionTest(source: string): PathTest {
  const program = compileExpression(source);
  return (path) => hasMatch(program, runesOf(path));
}

/** How a pattern is compared: the first three without an expression. */
type Kind = 'exact' | 'prefix' | 'suffix' | 'expression';

interface Translation {
  readonly kind: Kind;
  readonly expression: string;
}

/**
 * Characters that mean something in an expression, and nothing in a pattern. Moby means to quote `|`,
 * `{` and `}` too and does not, so that they stay operators: `a|b*` matches every name with a `b`.
 */
const QUOTED = new Set('.+()$');

const BYTE_ORDER_MARK = 0xfeff;

function translate(pattern: string): Translation {
  // One mark at the start is dropped by the scanner that moby reads patterns with.
  const [first, ...rest] = runesOf(pattern);
  const runes = first === undefined || first === BYTE_ORDER_MARK ? rest : [first, ...rest];
  const characters = runes.map((rune) => String.fromCodePoint(rune));
  let kind: Kind = 'exact';
  let expression = '';
  for (let at = 0; at < characters.length; at++) {
    const start = at;
    const character = characters[at] ?? '';
    if (character === '*' && characters[at + 1] === '*') {
      at += characters[at + 2] === '/' ? 2 : 1;
      if (at + 1 < characters.length) {
        expression += '(.*/)?';
        kind = 'expression';
      } else if (kind === 'exact') {
        kind = 'prefix';
      } else {
        expression += '.*';
        kind = 'expression';
      }
      if (start === 0) kind = 'suffix';
    } else if (character === '*' || character === '?') {
      expression += character === '*' ? '[^/]*' : '[^/]';
      kind = 'expression';
    } else if (QUOTED.has(character)) {
      expression += `\\${character}`;
    } else if (character === '\\') {
      const next = characters[++at];
      expression += `\\${next ?? ''}`;
      if (next !== undefined) kind = 'expression';
    } else {
      expression += character;
      if (character === '[' || character === ']') kind = 'expression';
    }
  }
  return { kind, expression };
}
