/**
 * Whether Go's `filepath.Match` finds a pattern well-formed when it compares it with `.`, which is
 * the check that moby makes. Go stops to read where the comparison fails, so that a mistake further
 * on goes unnoticed: a builder accepts such a pattern, and so must we.
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
    const goesOn = found !== undefined && (found === '' || next.rest.length > 0);
    if (!goesOn) return true;
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

/** Without the `*` in front of it, up to the next one that is not within brackets. */
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

/** What is left of the name; `undefined` if it does not begin so. */
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
  // A byte that is not UTF-8 is malformed here, and so is a bracket that nothing follows.
  if (rune === undefined || (rune >= 0xd800 && rune <= 0xdfff)) return undefined;
  return at + 1 < chunk.length ? { rune, end: at + 1 } : undefined;
}
