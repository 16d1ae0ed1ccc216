/**
 * Whether Go's `filepath.Match` accepts a pattern when it matches `.`, which is moby's validation. Go
 * stops parsing where the match fails, so that a later syntax error is not detected: builders accept
 * such a pattern, so it must be accepted here, too.
 *
 * https://pkg.go.dev/path/filepath#Match
 */
export function isWellFormed(pattern: string): boolean {
  let left: string = '.';
  let rest: Characters = Array.from(pattern);
  while (rest.length > 0) {
    const next = firstChunk(rest);
    if (next.chunk.length === 0) return true;
    const found = compareChunk(next.chunk, left);
    if (found === 'malformed') return false;
    const continues = found !== undefined && (found === '' || next.rest.length > 0);
    if (!continues) return true;
    ({ rest } = next);
    left = found;
  }
  return true;
}

type Characters = readonly string[];

interface Chunk {
  readonly chunk: Characters;
  readonly rest: Characters;
}

/** Returns the chunk without leading `*`, up to the next `*` outside of brackets. */
function firstChunk(pattern: Characters): Chunk {
  const start = pattern.findIndex((character) => character !== '*');
  if (start < 0) return { chunk: [], rest: [] };
  let inBrackets = false;
  for (let at = start; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '\\') at++;
    else if (character === '[') inBrackets = true;
    else if (character === ']') inBrackets = false;
    else if (character === '*' && !inBrackets) {
      return { chunk: pattern.slice(start, at), rest: pattern.slice(at) };
    }
  }
  return { chunk: pattern.slice(start), rest: [] };
}

/** Returns the rest of the name after the chunk; `undefined` if the name does not begin with it. */
function compareChunk(chunk: Characters, name: string): string | undefined | 'malformed' {
  let left = name;
  let failed = false;
  for (let at = 0; at < chunk.length;) {
    failed ||= left === '';
    const current: string | undefined = failed ? undefined : left[0];
    if (chunk[at] === '[') {
      const brackets = readBrackets(chunk, at + 1, current);
      if (brackets === undefined) return 'malformed';
      failed ||= !brackets.matches;
      at = brackets.end;
    } else {
      const any = chunk[at] === '?';
      if (chunk[at] === '\\' && ++at === chunk.length) return 'malformed';
      failed ||= !any && chunk[at] !== current;
      at++;
    }
    left = left.slice(1);
  }
  return failed ? undefined : left;
}

interface Brackets {
  readonly matches: boolean;
  /** After the closing bracket. */
  readonly end: number;
}

function readBrackets(
  chunk: Characters,
  start: number,
  current: string | undefined,
): Brackets | undefined {
  const negated = chunk[start] === '^';
  let at = negated ? start + 1 : start;
  let found = false;
  for (let count = 0; chunk[at] !== ']' || count === 0; count++) {
    const low = readCharacter(chunk, at);
    if (!low) return undefined;
    const high = chunk[low.end] === '-' ? readCharacter(chunk, low.end + 1) : low;
    if (!high) return undefined;
    if (current !== undefined) {
      const rune = current.codePointAt(0) ?? 0;
      found ||= low.rune <= rune && rune <= high.rune;
    }
    at = high.end;
  }
  return { matches: found !== negated, end: at + 1 };
}

function readCharacter(
  chunk: Characters,
  start: number,
): { readonly rune: number; readonly end: number } | undefined {
  if (chunk[start] === '-' || chunk[start] === ']') return undefined;
  const at = chunk[start] === '\\' ? start + 1 : start;
  const rune = chunk[at]?.codePointAt(0);
  // A byte that is not UTF-8 is malformed here, and so is an unterminated bracket.
  if (rune === undefined || (rune >= 0xd800 && rune <= 0xdfff)) return undefined;
  return at + 1 < chunk.length ? { rune, end: at + 1 } : undefined;
}
