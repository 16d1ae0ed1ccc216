/**
 * The regular expressions that JavaScript and Go (RE2, which every policy engine uses) read alike. What
 * one of them reads otherwise is not taken: `\z` is the end of the text in Go and a letter here,
 * `(?=...)` is not in Go at all.
 * https://github.com/google/re2/wiki/Syntax
 */
const CLASS = String.raw`\\[dDwWsS]`;
const ESCAPED = String.raw`\\[-\\^$.|?*+()[\]{}/@:,;=!%&#~ "'<>]`;
/** A member of a class: itself, or by an escape. */
const MEMBER = String.raw`(?:${ESCAPED}|[^-\\^[\]\p{C}])`;

const ATOMS = [
  CLASS,
  ESCAPED,
  // A group that captures or not; look-around, names and flags are no part of it.
  String.raw`\((?:\?:|(?!\?))`,
  String.raw`[)|^$.]`,
  // How often; Go takes no more than a thousand.
  String.raw`(?:[*+?]|\{[0-9]{1,3}(?:,(?:[0-9]{1,3})?)?\})\??`,
  String.raw`\[\^?-?(?:${MEMBER}-${MEMBER}|${MEMBER}|${CLASS})+-?\]`,
  String.raw`[^\\()[\]{}*+?|^$.\p{C}]`,
];

const COMMON = new RegExp(`^(?:${ATOMS.map((atom) => `(?:${atom})`).join('|')})*$`, 'u');

const TOKEN = /\\.|\[(?:\\.|[^\]\\])*\]|\{([0-9]+)(?:,([0-9]*))?\}|[^]/g;

/**
 * How often the innermost part is repeated by counts around it: Go compiles no expression where that is
 * more than a thousand times.
 */
function nestedRepeats(expression: string): number {
  const open: number[] = [];
  // The most in the current group, and in the atom that was read last.
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

/** What is wrong with an expression that cluster and program must read alike, if anything is. */
export function expressionFault(expression: string): string | undefined {
  if (expression === '') return 'is empty';
  try {
    // By itself: what is not balanced must not close the group that anchors it.
    new RegExp(expression);
  } catch {
    return 'is not a valid regular expression';
  }
  if (COMMON.test(expression))
    return nestedRepeats(expression) > 1000
      ? 'repeats a part more than a thousand times'
      : undefined;
  return 'uses what the cluster does not read as JavaScript does (look-around, back-references, named groups, flags, classes by name)';
}

/** The expression for a whole text: it is a group between anchors, which it cannot leave. */
export function anchored(expression: string): string {
  return `^(?:${expression})$`;
}
