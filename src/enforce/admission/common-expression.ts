/**
 * The regular expressions that have the same meaning in JavaScript and in Go (RE2, which every policy
 * engine uses). Others are rejected: `\z` is the end of the text in Go and a letter in JavaScript,
 * `(?=...)` is not supported by Go.
 * https://github.com/google/re2/wiki/Syntax
 */
const CLASS = String.raw`\\[dDwWsS]`;
const ESCAPED = String.raw`\\[-\\^$.|?*+()[\]{}/@:,;=!%&#~ "'<>]`;
/** A member of a character class, literal or escaped. */
const MEMBER = String.raw`(?:${ESCAPED}|[^-\\^[\]\p{C}])`;

const ATOMS = [
  CLASS,
  ESCAPED,
  // A capturing or non-capturing group, without look-around, names and flags.
  String.raw`\((?:\?:|(?!\?))`,
  String.raw`[)|^$.]`,
  // A quantifier; Go supports at most 1000 repetitions.
  String.raw`(?:[*+?]|\{[0-9]{1,3}(?:,(?:[0-9]{1,3})?)?\})\??`,
  String.raw`\[\^?-?(?:${MEMBER}-${MEMBER}|${MEMBER}|${CLASS})+-?\]`,
  String.raw`[^\\()[\]{}*+?|^$.\p{C}]`,
];

const COMMON = new RegExp(`^(?:${ATOMS.map((atom) => `(?:${atom})`).join('|')})*$`, 'u');

const TOKEN = /\\.|\[(?:\\.|[^\]\\])*\]|\{([0-9]+)(?:,([0-9]*))?\}|[^]/g;

/**
 * Returns how often nested quantifiers repeat the innermost part: Go does not compile an expression with
 * more than 1000 repetitions.
 */
function nestedRepeats(expression: string): number {
  const open: number[] = [];
  // The maximum in the current group, and in the last atom.
  let [most, atom] = [1, 1];
  for (const [token, least, up] of expression.matchAll(TOKEN)) {
    if (token === '(') {
      open.push(most);
      [most, atom] = [1, 1];
    } else if (token === ')') {
      atom = most;
      most = Math.max(open.pop() ?? 1, atom);
    } else if (least !== undefined) {
      atom *= Math.max(Number(least), Number(up ?? 0), 1);
      most = Math.max(most, atom);
    } else if (!/^[*+?]$/.test(token)) atom = 1;
  }
  return most;
}

/** Returns what is wrong with an expression that must have the same meaning in the cluster and in the program. */
export function expressionFault(expression: string): string | undefined {
  if (expression === '') return 'is empty';
  try {
    // Compiled separately: an unbalanced group must not close the group that anchors the expression.
    new RegExp(expression);
  } catch {
    return 'is not a valid regular expression';
  }
  if (COMMON.test(expression))
    return nestedRepeats(expression) > 1000 ? 'repeats a part more than 1000 times' : undefined;
  return 'uses syntax that Go (RE2) does not support or interprets differently (look-around, back-references, named groups, flags, named classes)';
}

/** Anchors an expression at both ends, as a group, so that it must match a whole text. */
export function anchored(expression: string): string {
  return `^(?:${expression})$`;
}
