import { excerpt } from '../byte-text';
import { type Instruction, parseInstructions } from './instructions';
import { lex, type Lookup, WordError } from './lexer';
import { sourcesOf, type Source } from './sources';
import { splitBlanks, splitQuoted } from './words';

export interface Stage {
  /** Lower case. */
  readonly name?: string | undefined;
  /** The base stage or image; `undefined` if it cannot be read. */
  readonly base: string | undefined;
  /** Stages and images from which files are copied or mounted. */
  readonly sources: readonly Source[];
  /** The same for its ONBUILD instructions, which apply to stages based on it. */
  readonly onBuildSources: readonly Source[];
}

export interface ReadStages {
  readonly stages: readonly Stage[];
  /** Messages about parts that cannot be read, with the line if known. */
  readonly problems: readonly string[];
  /** Whether builders other than BuildKit may parse it differently. */
  readonly isAmbiguous: boolean;
}

/**
 * Reads the stages of a Dockerfile. A stage whose base cannot be read is still a stage, so that a copy
 * from it is not interpreted as a copy from an image.
 *
 * @param args - Build arguments, as declared.
 * @param predefined - The platform arguments.
 */
export function readStages(
  dockerfile: string,
  args: Readonly<Record<string, string>>,
  predefined: Readonly<Record<string, string>>,
): ReadStages {
  const { instructions, escape, problems } = parseInstructions(dockerfile);
  const reader = new StageReader(args, predefined, escape);
  for (const instruction of instructions) reader.take(instruction);
  return {
    stages: reader.stages,
    problems: [...problems, ...reader.problems],
    isAmbiguous: reader.isAmbiguous,
  };
}

/** Maximum number of stages, because each is compared with all others. */
const MAX_STAGES = 1000;

const NAME = /^[a-z][a-z0-9_.-]*$/;

class StageReader {
  readonly stages: (Stage & { readonly sources: Source[]; readonly onBuildSources: Source[] })[] =
    [];
  readonly problems: string[] = [];
  isAmbiguous = false;
  readonly #globals: Map<string, string>;
  /** An ARG before the first FROM could not be read, so FROM with variables cannot be read either. */
  #lostGlobals = false;
  #isFull = false;

  constructor(
    private readonly args: Readonly<Record<string, string>>,
    predefined: Readonly<Record<string, string>>,
    private readonly escape: string,
  ) {
    const overridden = Object.entries(predefined).map(([name, value]): [string, string] => [
      name,
      this.#declared(name) ?? value,
    ]);
    this.#globals = new Map(overridden);
  }

  take(instruction: Instruction): void {
    const { keyword, flags, text, trigger } = instruction;
    if (this.#isFull || (keyword === 'FROM' && this.stages.length >= MAX_STAGES)) {
      if (!this.#isFull) this.problems.push(`there are more than ${MAX_STAGES} stages`);
      this.#isFull = true;
      return;
    }
    // Older versions of podman and buildah parse the lines of a here-document as instructions, and newer
    // ones fetch the URL of ADD with the TLS settings of the build.
    if (instruction.hasHeredocs || (keyword === 'ADD' && REMOTE.test(text)))
      this.isAmbiguous = true;
    const current = this.stages.at(-1);
    if (keyword === 'FROM') this.#from(instruction);
    else if (keyword === 'ARG' && !current) this.#arg(instruction);
    else if (current) {
      const from = flags.length > 0 ? sourcesOf(instruction, this.escape) : [];
      current.sources.push(...this.#checked(from, instruction));
      if (trigger) {
        if (trigger.keyword === 'ADD' && REMOTE.test(trigger.text)) this.isAmbiguous = true;
        // BuildKit parses it only if a stage is based on this one.
        current.onBuildSources.push(...sourcesOf(trigger, this.escape));
      }
    }
  }

  #declared(name: string): string | undefined {
    return Object.hasOwn(this.args, name) ? this.args[name] : undefined;
  }

  #checked(sources: readonly Source[], { keyword, line }: Instruction): readonly Source[] {
    for (const source of sources) {
      if (source.kind !== 'unread') continue;
      this.problems.push(
        `line ${line}: the source of files of ${keyword} cannot be read: ${excerpt(source.text)}`,
      );
    }
    return sources;
  }

  /** `ARG NAME[=default] ...` before the first FROM: the only variables that FROM can use. */
  #arg({ text, line }: Instruction): void {
    for (const word of splitQuoted(text, this.escape)) {
      const at = word.indexOf('=');
      const name = at < 0 ? word : word.slice(0, at);
      const standard = at < 0 ? undefined : word.slice(at + 1);
      const value =
        this.#declared(name) ?? this.#expanded(standard, `line ${line}: ARG ${excerpt(name)}`);
      if (value !== undefined) this.#globals.set(name, value);
      else if (standard !== undefined) this.#lostGlobals = true;
    }
  }

  /** `FROM [--platform=...] image [AS name]`. */
  #from({ text, line }: Instruction): void {
    const words = splitBlanks(text);
    const [image = '', as, written] = words;
    const isNamed = words.length >= 3 && as?.toLowerCase() === 'as';
    const name = isNamed ? written?.toLowerCase() : undefined;
    if (words.length !== (isNamed ? 3 : 1)) {
      this.problems.push(
        `line ${line}: FROM requires an image and an optional name: FROM image AS name`,
      );
    } else if (name !== undefined && !NAME.test(name)) {
      this.problems.push(`line ${line}: ${excerpt(written ?? '')} is not the name of a stage`);
    }
    this.stages.push({ name, base: this.#base(image, line), sources: [], onBuildSources: [] });
  }

  #base(image: string, line: number): string | undefined {
    if (image === '') return undefined;
    const where = `line ${line}: FROM ${excerpt(image)}`;
    if (this.#lostGlobals && image.includes('$')) {
      this.problems.push(`${where} uses an ARG that cannot be read`);
      return undefined;
    }
    const base = this.#expanded(image, where);
    if (base !== '') return base;
    this.problems.push(`${where} is empty`);
    return undefined;
  }

  #expanded(text: string | undefined, where: string): string | undefined {
    if (text === undefined) return undefined;
    const lookup: Lookup = (name) => this.#globals.get(name);
    try {
      return lex(text, lookup, { escape: this.escape }).text;
    } catch (error) {
      if (!(error instanceof WordError)) throw error;
      this.problems.push(`${where} cannot be read: ${error.message}`);
      return undefined;
    }
  }
}

/** Matches arguments of ADD that may be a URL. */
const REMOTE = /https?:|git@|\bgit:|ssh:|\.git\b|\$/i;
