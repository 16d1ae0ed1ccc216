import { type Instruction, parseInstructions } from './instructions';
import { expand, type Lookup } from './expansion';

interface Stage {
  readonly name: string | undefined;
  /** The stage or image that it begins with. */
  readonly base: string;
  /** Stages and images that it takes files from. */
  readonly sources: readonly string[];
}

/**
 * The images of other people that a build begins with or copies from, in the order of use. Only the
 * stages that the target needs count, as in BuildKit; `scratch` is no image.
 *
 * @param args - Build arguments, as declared.
 * @param target - Default: the last stage.
 * @param platforms - `os/arch[/variant]`; default: this machine's.
 */
export function baseImages(
  dockerfile: string,
  args: Readonly<Record<string, string>>,
  target?: string,
  platforms: readonly string[] = [],
): readonly string[] {
  const instructions = parseInstructions(dockerfile);
  const images = new Set<string>();
  for (const platform of platforms.length > 0 ? platforms : [machinePlatform()]) {
    const stages = readStages(instructions, args, platformArguments(platform));
    for (const image of imagesOf(stages, target)) images.add(image);
  }
  return [...images];
}

function readStages(
  instructions: readonly Instruction[],
  args: Readonly<Record<string, string>>,
  predefined: Readonly<Record<string, string>>,
): readonly Stage[] {
  const globals = new Map(
    Object.entries({ ...predefined, ...pick(args, Object.keys(predefined)) }),
  );
  const lookup: Lookup = (name) => globals.get(name);
  const stages: (Stage & { sources: string[] })[] = [];
  for (const { keyword, text } of instructions) {
    const current = stages.at(-1);
    if (keyword === 'ARG' && !current) declareArguments(text, args, globals);
    else if (keyword === 'FROM') {
      const stage = readFrom(text, lookup);
      if (stage) stages.push({ ...stage, sources: [] });
    } else if (current) current.sources.push(...readSources(keyword, text, lookup));
  }
  return stages;
}

function pick(
  values: Readonly<Record<string, string>>,
  keys: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}

/** `ARG NAME[=default] ...` before the first FROM: the only variables that FROM sees. */
function declareArguments(
  text: string,
  args: Readonly<Record<string, string>>,
  globals: Map<string, string>,
): void {
  for (const word of text.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []) {
    const at = word.indexOf('=');
    const name = at < 0 ? word : word.slice(0, at);
    const standard = at < 0 ? undefined : expand(word.slice(at + 1), (key) => globals.get(key));
    const value = (Object.hasOwn(args, name) ? args[name] : undefined) ?? standard;
    if (value !== undefined) globals.set(name, value);
  }
}

/** `FROM [--platform=...] image [AS name]`. */
function readFrom(text: string, lookup: Lookup): Omit<Stage, 'sources'> | undefined {
  const words = text.split(/\s+/).filter((word) => !word.startsWith('--'));
  const base = expand(words[0] ?? '', lookup);
  if (!base) return undefined;
  const name = words[1]?.toUpperCase() === 'AS' ? words[2]?.toLowerCase() : undefined;
  return { name, base };
}

/** `COPY --from=...` and `RUN --mount=...,from=...`. */
function readSources(keyword: string, text: string, lookup: Lookup): readonly string[] {
  const flags =
    text
      .match(/^(?:--\S+\s+)+/)?.[0]
      .trim()
      .split(/\s+/) ?? [];
  const raw = flags.flatMap((flag) => {
    if (keyword === 'COPY' || keyword === 'ADD') return /^--from=(.+)$/.exec(flag)?.[1] ?? [];
    if (keyword === 'RUN') return /^--mount=(?:.*,)?from=([^,]+)/.exec(flag)?.[1] ?? [];
    return [];
  });
  return raw.map((source) => expand(source, lookup) ?? '').filter((source) => source !== '');
}

/** The images that the target needs, through all stages that it is made of. */
function imagesOf(stages: readonly Stage[], target: string | undefined): readonly string[] {
  const images: string[] = [];
  const seen = new Set<number>();
  const visit = (index: number): void => {
    const stage = stages[index];
    if (!stage || seen.has(index)) return;
    seen.add(index);
    // A base can only be a stage before; of several of one name, the nearest.
    const base = findStage(stages.slice(0, index), stage.base, false);
    if (base >= 0) visit(base);
    else images.push(stage.base);
    for (const source of stage.sources) {
      const from = findStage(stages.slice(0, index), source, true);
      if (from >= 0) visit(from);
      else images.push(source);
    }
  };
  visit(target === undefined ? stages.length - 1 : findStage(stages, target, true));
  return images.filter((image) => image !== 'scratch');
}

function findStage(stages: readonly Stage[], name: string, byNumber: boolean): number {
  const named = stages.findLastIndex((stage) => stage.name === name.toLowerCase());
  if (named >= 0 || !byNumber || !/^\d+$/.test(name)) return named;
  return Number(name) < stages.length ? Number(name) : -1;
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
};

function machinePlatform(): string {
  return `linux/${ARCHITECTURES[process.arch] ?? process.arch}`;
}

/** https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
function platformArguments(platform: string): Readonly<Record<string, string>> {
  const of = (prefix: string, value: string): Record<string, string> => {
    const [os = '', architecture = '', variant = ''] = value.split('/');
    return {
      [`${prefix}PLATFORM`]: value,
      [`${prefix}OS`]: os,
      [`${prefix}ARCH`]: architecture,
      [`${prefix}VARIANT`]: variant,
    };
  };
  return { ...of('TARGET', platform), ...of('BUILD', machinePlatform()) };
}
