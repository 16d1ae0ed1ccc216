/**
 * One step of a compiled expression. Offsets are relative to the step, so that programs can be
 * concatenated unchanged.
 */
export type Step =
  | { readonly op: 'rune'; readonly accepts: (rune: number) => boolean }
  | { readonly op: 'fork'; readonly offsets: readonly [number, number] }
  | { readonly op: 'jump'; readonly offset: number }
  | { readonly op: 'assert'; readonly holds: Assertion };

/** A condition on the runes before and after a position; `undefined` at an end of the text. */
export type Assertion = (before: number | undefined, after: number | undefined) => boolean;

export type Program = readonly Step[];

export function zeroOrMore(program: Program): Program {
  return [
    { op: 'fork', offsets: [1, program.length + 2] },
    ...program,
    { op: 'jump', offset: -(program.length + 1) },
  ];
}

export function optional(program: Program): Program {
  return [{ op: 'fork', offsets: [1, program.length + 1] }, ...program];
}

export function either(one: Program, other: Program): Program {
  return [
    { op: 'fork', offsets: [1, one.length + 2] },
    ...one,
    { op: 'jump', offset: other.length + 1 },
    ...other,
  ];
}

/** Repeats a program at least `min` times, and at most `max` times if given. */
export function repeated(program: Program, min: number, max: number | undefined): Program {
  const required = Array.from({ length: min }, () => program).flat();
  if (max === undefined) return [...required, ...zeroOrMore(program)];
  const further = Array.from({ length: max - min }, () => optional(program));
  return [...required, ...further.flat()];
}

/**
 * Whether any part of a text matches. All branches are followed simultaneously: the time is at most
 * proportional to the product of both lengths for every expression.
 */
export function hasMatch(program: Program, runes: readonly number[]): boolean {
  const branches = new Branches(program);
  let waiting: number[] = [];
  branches.begin();
  branches.follow(0, undefined, runes[0], waiting);
  for (const [at, rune] of runes.entries()) {
    if (branches.accepted) return true;
    const [next, after]: [number[], number | undefined] = [[], runes[at + 1]];
    branches.begin();
    for (const position of waiting) {
      const step = program[position];
      if (step?.op === 'rune' && step.accepts(rune)) {
        branches.follow(position + 1, rune, after, next);
      }
    }
    branches.follow(0, rune, after, next);
    waiting = next;
  }
  return branches.accepted;
}

/** Follows the steps between two runes, each only once. */
class Branches {
  accepted = false;
  readonly #seen: Uint32Array;
  readonly #open: number[] = [];
  /** Marks the steps that were visited between these two runes. */
  #mark = 0;

  constructor(private readonly program: Program) {
    this.#seen = new Uint32Array(program.length + 1);
  }

  /** Starts another position. */
  begin(): void {
    this.#mark++;
  }

  /** Adds the steps that consume the next rune to `waiting`. */
  follow(
    start: number,
    before: number | undefined,
    after: number | undefined,
    waiting: number[],
  ): void {
    const open = this.#open;
    open.push(start);
    for (let position = open.pop(); position !== undefined; position = open.pop()) {
      if (this.#seen[position] === this.#mark) continue;
      this.#seen[position] = this.#mark;
      const step = this.program[position];
      if (step === undefined) this.accepted = true;
      else if (step.op === 'rune') waiting.push(position);
      else if (step.op === 'jump') open.push(position + step.offset);
      else if (step.op === 'fork')
        open.push(position + step.offsets[1], position + step.offsets[0]);
      else if (step.holds(before, after)) open.push(position + 1);
    }
  }
}
