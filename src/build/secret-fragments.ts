/** Minimum number of consecutive characters that a line must share with a secret to be redacted. */
const MIN_RUN_LENGTH = 12;
/** The same for the end of a secret on the last line of wrapped text. */
const MIN_END_LENGTH = 6;
/** Every fifth group of eight characters is indexed: any run of twelve contains one. */
const GROUP = 8;
const STRIDE = MIN_RUN_LENGTH - GROUP + 1;
/** Maximum number of positions per group: a text may be repetitive. */
const MAX_POSITIONS = 4;
/** Maximum number of indexed characters of all secrets; beyond it only whole lines are redacted. */
const MAX_INDEXED = 1024 * 1024;

interface Position {
  readonly shape: string;
  readonly at: number;
}

/** A part of a line: start and end. */
export type Span = readonly [start: number, end: number];

/**
 * Finds parts of secrets in lines: `base64` and `fold` wrap their output, so that no line contains the
 * whole secret.
 */
export class FragmentFinder {
  readonly #groups = new Map<string, Position[]>();
  readonly #ends: readonly string[];

  constructor(shapes: readonly string[]) {
    let indexed = 0;
    const ends: string[] = [];
    for (const shape of shapes) {
      if (shape.length < MIN_RUN_LENGTH || indexed + shape.length > MAX_INDEXED) continue;
      indexed += shape.length;
      ends.push(shape);
      for (let at = 0; at + GROUP <= shape.length; at += STRIDE) this.#add(shape, at);
    }
    this.#ends = ends;
  }

  #add(shape: string, at: number): void {
    const group = shape.slice(at, at + GROUP);
    const positions = this.#groups.get(group);
    if (!positions) this.#groups.set(group, [{ shape, at }]);
    else if (positions.length < MAX_POSITIONS) positions.push({ shape, at });
  }

  find(line: string): readonly Span[] {
    const spans: Span[] = [];
    for (let at = 0; at + GROUP <= line.length; at += 1) {
      const positions = this.#groups.get(line.slice(at, at + GROUP));
      if (!positions) continue;
      const runs = positions.map((position) => runAround(line, at, position));
      const start = Math.min(...runs.map(([from]) => from));
      const end = Math.max(...runs.map(([, to]) => to));
      if (end - start < MIN_RUN_LENGTH) continue;
      spans.push([start, end]);
      at = end - 1;
    }
    return [...spans, ...this.#endOf(line)];
  }

  /** The last line of wrapped text: a last word that is the end of a secret, possibly with padding. */
  #endOf(line: string): readonly Span[] {
    const word = /\S+$/.exec(line);
    if (!word) return [];
    // Ignores the padding of base64, and characters that encode a trailing newline.
    const text = word[0].replace(/=+$/, '');
    return [text, text.slice(0, -1), text.slice(0, -2), text.slice(0, -3)].some(
      (end) => end.length >= MIN_END_LENGTH && this.#ends.some((shape) => shape.endsWith(end)),
    )
      ? [[word.index, line.length]]
      : [];
  }
}

function runAround(line: string, at: number, position: Position): Span {
  const { shape } = position;
  let start = at;
  let before = position.at;
  while (start > 0 && before > 0 && line[start - 1] === shape[before - 1]) {
    start -= 1;
    before -= 1;
  }
  let end = at + GROUP;
  let after = position.at + GROUP;
  while (end < line.length && after < shape.length && line[end] === shape[after]) {
    end += 1;
    after += 1;
  }
  return [start, end];
}
