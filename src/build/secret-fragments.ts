/** Characters in a row that a line must share with a secret before they are hidden. */
const SHORTEST_RUN = 12;
/** The same for the end of a secret that a wrapped text has on its last line. */
const SHORTEST_END = 6;
/** Every fifth group of eight is looked up: any run of twelve has one. */
const GROUP = 8;
const STRIDE = SHORTEST_RUN - GROUP + 1;
/** Positions that are kept of one group: a text may repeat itself. */
const MAX_POSITIONS = 4;
/** Characters of all secrets that are compared in parts; of more than that, only whole lines are. */
const MAX_INDEXED = 1024 * 1024;

interface Position {
  readonly shape: string;
  readonly at: number;
}

/** A part of a line: from, to. */
export type Span = readonly [start: number, end: number];

/**
 * Finds parts of texts in lines: `base64` and `fold` wrap what they print, and no line then has the
 * whole secret.
 */
export class FragmentFinder {
  readonly #groups = new Map<string, Position[]>();
  readonly #ends: readonly string[];

  constructor(shapes: readonly string[]) {
    let indexed = 0;
    const ends: string[] = [];
    for (const shape of shapes) {
      if (shape.length < SHORTEST_RUN || indexed + shape.length > MAX_INDEXED) continue;
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
      if (end - start < SHORTEST_RUN) continue;
      spans.push([start, end]);
      at = end - 1;
    }
    return [...spans, ...this.#endOf(line)];
  }

  /** The last line of a wrapped text: a last word that is how a secret ends, perhaps with padding. */
  #endOf(line: string): readonly Span[] {
    const word = /\S+$/.exec(line);
    if (!word) return [];
    // What base64 adds for a newline, and its padding.
    const text = word[0].replace(/=+$/, '');
    return [text, text.slice(0, -1), text.slice(0, -2), text.slice(0, -3)].some(
      (end) => end.length >= SHORTEST_END && this.#ends.some((shape) => shape.endsWith(end)),
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
