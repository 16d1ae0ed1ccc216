/** An authentication challenge of a server. */
export interface Challenge {
  /** Lower case: `basic`, `bearer`... */
  readonly scheme: string;
  /** By lower-case name; the first value if a name occurs twice. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const SPACE = /[ \t]*/y;
const SEPARATOR = /(?:[ \t]*,)*[ \t]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const MAX_HEADER_LENGTH = 8192;

/**
 * Parses a `WWW-Authenticate` header with any number of challenges. Parsing stops at malformed
 * input; the challenges before it are returned.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, MAX_HEADER_LENGTH);
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };

  const challenges: Challenge[] = [];
  take(SEPARATOR);
  for (let scheme = take(TOKEN); scheme; scheme = take(TOKEN)) {
    const parameters = new Map<string, string>();
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters: {} });
    take(SPACE);
    for (;;) {
      const start = at;
      const name = take(TOKEN);
      const value = name && take(EQUALS) ? (take(QUOTED) ?? take(TOKEN)) : null;
      if (!name || !value) {
        // Not a parameter: a token68 of this scheme, or the next scheme.
        at = start;
        if (parameters.size === 0) take(TOKEN68);
        break;
      }
      const unquoted = value[1] === undefined ? value[0] : value[1].replace(/\\(.)/g, '$1');
      const key = name[0].toLowerCase();
      if (!parameters.has(key)) parameters.set(key, unquoted);
      take(SEPARATOR);
    }
    challenges[challenges.length - 1] = {
      scheme: scheme[0].toLowerCase(),
      parameters: Object.fromEntries(parameters),
    };
    take(SEPARATOR);
  }
  return challenges;
}
