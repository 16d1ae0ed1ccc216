/** An invalid pattern in `${NAME#pattern}` and similar expansions. */
export class ShellPatternError extends Error {}

/** A character, any character (`?`), or any number of characters (`*`); the latter two exclude line feeds. */
type Token = { readonly character: string } | 'any' | 'many';

/**
 * Parses a shell pattern without brackets: `*`, `?`, and a backslash before one of these or itself. A
 * backslash before `}` and `/` only prevents them from ending the pattern.
 */
function tokensOf(pattern: string): readonly Token[] {
  const characters = Array.from(pattern);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*') tokens.push('many');
    else if (character === '?') tokens.push('any');
    else if (character !== '\\') tokens.push({ character });
    else if (!['}', '/'].includes(characters[at + 1] ?? '')) {
      const escaped = characters[++at];
      if (escaped === undefined || !['*', '?', '\\'].includes(escaped)) {
        throw new ShellPatternError(`invalid escape \\${escaped ?? ''}`);
      }
      tokens.push({ character: escaped });
    }
  }
  return tokens;
}

/** `${NAME#pattern}`, or with `greedy` `${NAME##pattern}`. @throws ShellPatternError */
export function trimStart(value: string, pattern: string, greedy: boolean): string {
  return withoutStart(Array.from(value), tokensOf(pattern), greedy).join('');
}

/** `${NAME%pattern}`, or with `greedy` `${NAME%%pattern}`. @throws ShellPatternError */
export function trimEnd(value: string, pattern: string, greedy: boolean): string {
  const backwards = (pattern.match(/\\[^]|[^]/gu) ?? []).reverse().join('');
  const rest = withoutStart(Array.from(value).reverse(), tokensOf(backwards), greedy);
  return rest.reverse().join('');
}

function withoutStart(value: string[], tokens: readonly Token[], greedy: boolean): string[] {
  const end = matchEnds(value, tokens, greedy)[0] ?? NONE;
  return end === NONE ? value : value.slice(end);
}

/** `${NAME/pattern/replacement}`. @throws ShellPatternError */
export function replaceFirst(value: string, pattern: string, replacement: string): string {
  const characters = Array.from(value);
  const ends = matchEnds(characters, tokensOf(pattern), true);
  const start = ends.findIndex((end) => end !== NONE);
  if (start < 0) return value;
  return characters.slice(0, start).join('') + replacement + characters.slice(ends[start]).join('');
}

/**
 * `${NAME//pattern/replacement}`. Unlike in the other form, the replacement is a template of Go's
 * `regexp`: `$0` is the match, and every other `$name` is empty.
 *
 * @throws ShellPatternError
 */
export function replaceAll(value: string, pattern: string, replacement: string): string {
  const characters = Array.from(value);
  const ends = matchEnds(characters, tokensOf(pattern), true);
  let out = '';
  let copied = 0;
  for (let at = 0; at <= characters.length;) {
    const end = ends[at] ?? NONE;
    if (end === NONE) {
      at++;
      continue;
    }
    out += characters.slice(copied, at).join('');
    // An empty match directly after another match is ignored.
    if (end > copied || at === 0)
      out += expandTemplate(replacement, characters.slice(at, end).join(''));
    copied = end;
    at = Math.max(end, at + 1);
  }
  return out + characters.slice(copied).join('');
}

/** https://pkg.go.dev/regexp#Regexp.Expand */
function expandTemplate(template: string, match: string): string {
  return template.replaceAll(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (whole, braced: string | undefined, bare: string | undefined) => {
      if (whole === '$$') return '$';
      return (braced ?? bare) === '0' ? match : '';
    },
  );
}

const NONE = -1;

/**
 * Returns the end of the match for each start position: the longest if `greedy`, else the shortest.
 * Computed from the last token to the first, so that the time is proportional to the product of both lengths.
 */
function matchEnds(
  value: readonly string[],
  tokens: readonly Token[],
  greedy: boolean,
): readonly number[] {
  let ends = Array.from({ length: value.length + 1 }, (_, index) => index);
  for (const token of tokens.toReversed()) {
    const next = ends;
    ends = new Array<number>(value.length + 1).fill(NONE);
    for (let at = value.length; at >= 0; at--) {
      const isAny = at < value.length && value[at] !== '\n';
      if (token === 'many') {
        const [here, further] = [next[at] ?? NONE, isAny ? (ends[at + 1] ?? NONE) : NONE];
        ends[at] = (greedy ? further !== NONE : here === NONE) ? further : here;
      } else if (token === 'any' ? isAny : value[at] === token.character) {
        ends[at] = next[at + 1] ?? NONE;
      }
    }
  }
  return ends;
}
