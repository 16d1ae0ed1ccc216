import { runesOf } from '../byte-text';
import { compileExpression, hasMatch } from '../regular';

/** Returns whether a pattern matches a path relative to the context. */
export type PathTest = (path: string) => boolean;

/**
 * Compiles a cleaned pattern exactly like moby's `patternmatcher`: most patterns are translated to a
 * regular expression of Go, so that brackets and escapes have the meaning that they have there.
 * Matching is case-sensitive on every system.
 *
 * https://pkg.go.dev/github.com/moby/patternmatcher
 *
 * @throws ExpressionError for a valid pattern whose translation is not a valid expression
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

/** How a pattern is matched; the first three do not need an expression. */
type Kind = 'exact' | 'prefix' | 'suffix' | 'expression';

interface Translation {
  readonly kind: Kind;
  readonly expression: string;
}

/**
 * Characters that are operators in an expression, but not in a pattern. Moby intends to quote `|`, `{`
 * and `}`, too, but does not, so that they remain operators: `a|b*` matches every name with a `b`.
 */
const QUOTED = new Set('.+()$');

const BYTE_ORDER_MARK = 0xfeff;

function translate(pattern: string): Translation {
  // The scanner with which moby parses patterns drops one mark at the start.
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
