/**
 * One step of a compiled expression. Offsets are relative to the step, so that programs can be
 * joined as they are.
 */
export type Step =
  | { readonly op: 'rune'; readonly accepts: (rune: number) => boolean }
  | { readonly op: 'fork'; readonly offsets: readonly [number, number] }
  | { readonly op: 'jump'; readonly offset: number }
  | { readonly op: 'assert'; readonly holds: Assertion };

/** About a position: the runes on both sides of it, `undefined` at an end of the text. */
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

/** At least `least` times, and at most `most` times where that is given. */
export function repeated(program: Program, least: number, most: number | undefined): Program {
  const required = Array.from({ length: least }, () => program).flat();
  if (most === undefined) return [...required, ...zeroOrMore(program)];
  const further = Array.from({ length: most - least }, () => optional(program));
  return [...required, ...further.flat()];
}

/**
 * Whether some part of a text matches. All branches are followed at once: the time is at most the
 * product of both lengths, whatever the expression.
 */
export function hasMatch(program: Program, runes: readonly number[]): boolean {
  let current = new Branches(program);
  current.follow(0, undefined, runes[0]);
  for (const [at, rune] of runes.entries()) {
    if (current.accepted) return true;
    const [next, after] = [new Branches(program), runes[at + 1]];
    for (const position of current.positions) {
      const step = program[position];
      if (step?.op === 'rune' && step.accepts(rune)) next.follow(position + 1, rune, after);
    }
    next.follow(0, rune, after);
    current = next;
  }
  return current.accepted;
}

/** The steps that are waiting for the next rune. */
class Branches {
  readonly positions: number[] = [];
  accepted = false;
  readonly #seen = new Set<number>();

  constructor(private readonly program: Program) {}

  follow(start: number, before: number | undefined, after: number | undefined): void {
    const open = [start];
    for (let position = open.pop(); position !== undefined; position = open.pop()) {
      if (this.#seen.has(position)) continue;
      this.#seen.add(position);
      const step = this.program[position];
      if (step === undefined) this.accepted = true;
      else if (step.op === 'rune') this.positions.push(position);
      else if (step.op === 'jump') open.push(position + step.offset);
      else if (step.op === 'fork') open.push(...step.offsets.map((offset) => position + offset));
      else if (step.holds(before, after)) open.push(position + 1);
    }
  }
}
