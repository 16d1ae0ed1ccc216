import {
  type Instruction,
  lex,
  type ParsedDockerfile,
  parseInstructions,
  WordError,
} from '../dockerfile';

/**
 * Returns the instructions that determine the config of a target: those of its base stages, followed by
 * those of its own stage, in the order in which they apply, without FROM.
 *
 * @param target - Name or number of a stage. Default: the last one.
 */
export function stageChain(
  dockerfile: string,
  args: Readonly<Record<string, string>>,
  target: string | undefined,
): readonly Instruction[] {
  const stages = readStages(parseInstructions(dockerfile), args);
  const chain: Instruction[] = [];
  let index = target === undefined ? stages.length - 1 : indexOf(stages, target, stages.length);
  while (index >= 0) {
    const stage: Stage | undefined = stages[index];
    if (stage === undefined) break;
    chain.unshift(...stage.instructions);
    index = indexOf(stages, stage.base, index);
  }
  return chain;
}

interface Stage {
  readonly name: string | undefined;
  readonly base: string;
  readonly instructions: Instruction[];
}

function readStages(
  { instructions, escape }: ParsedDockerfile,
  args: Readonly<Record<string, string>>,
): readonly Stage[] {
  const stages: Stage[] = [];
  for (const instruction of instructions) {
    if (instruction.keyword === 'FROM') stages.push(readFrom(instruction.text, args, escape));
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

function readFrom(text: string, args: Readonly<Record<string, string>>, escape: string): Stage {
  const [base = '', as, name] = text.split(/\s+/);
  return {
    // Defaults of variables are not expanded: a stage that is found only by one ends the chain.
    base: expanded(base, args, escape),
    name: as?.toUpperCase() === 'AS' ? name?.toLowerCase() : undefined,
    instructions: [],
  };
}

/** A word that cannot be expanded is treated as the name of an image. */
function expanded(word: string, args: Readonly<Record<string, string>>, escape: string): string {
  try {
    return lex(word, (variable) => args[variable], { escape }).text;
  } catch (error) {
    if (error instanceof WordError) return word;
    throw error;
  }
}

/** Returns the index of the nearest stage before `end` with this name or number; -1: an image. */
function indexOf(stages: readonly Stage[], name: string, end: number): number {
  const before = stages.slice(0, end);
  const named = before.findLastIndex((stage) => stage.name === name.toLowerCase());
  if (named >= 0 || !/^\d+$/.test(name)) return named;
  return Number(name) < end ? Number(name) : -1;
}
