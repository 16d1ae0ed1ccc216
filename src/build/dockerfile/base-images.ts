import { excerpt } from '../byte-text';
import { readSyntax } from './directives';
import { machinePlatform, platformArguments } from './platform-arguments';
import type { Source } from './sources';
import { readStages, type ReadStages, type Stage } from './stages';

export interface BaseImages {
  /** In order of use, as written after expansion of variables. */
  readonly images: readonly string[];
  /** Parts of the Dockerfile that could not be read, so that images may be missing. */
  readonly problems: readonly string[];
}

export interface DockerfileBuild {
  /** Build arguments, as declared. */
  readonly args?: Readonly<Record<string, string>>;
  /** Default: the last stage. */
  readonly target?: string | undefined;
  /** `os/arch[/variant]`; default: this machine's. */
  readonly platforms?: readonly string[] | undefined;
}

/**
 * Returns the external images that a build is based on or copies from. Only stages that the target
 * needs are included, as in BuildKit; `scratch` is not an image.
 */
export function baseImages(dockerfile: string, build: DockerfileBuild = {}): BaseImages {
  const images = new Set<string>();
  const problems = new Set(foreignSyntax(dockerfile, build));
  for (const read of readings(dockerfile, build)) {
    const needed = imagesOf(read.stages, build.target);
    for (const image of needed.images) images.add(image);
    for (const problem of [...read.problems, ...needed.problems]) problems.add(problem);
  }
  return { images: [...images], problems: [...problems] };
}

/**
 * Returns every image that a builder may fetch for a Dockerfile, including those of stages that the
 * target does not need; `undefined` if this cannot be determined with certainty.
 */
export function fetchedImages(
  dockerfile: string,
  build: DockerfileBuild = {},
): readonly string[] | undefined {
  const images = new Set<string>();
  for (const { stages, problems, isAmbiguous } of readings(dockerfile, build)) {
    if (isAmbiguous || problems.length > 0) return undefined;
    for (const [index, { name }] of stages.entries()) {
      const needed = imagesOf(stages.slice(0, index + 1), name ?? String(index));
      if (needed.problems.length > 0) return undefined;
      for (const image of needed.images) images.add(image);
    }
    for (const source of stages.flatMap((stage) => [...stage.sources, ...stage.onBuildSources])) {
      if (source.kind === 'unread') return undefined;
      const isStage = source.kind === 'number' || findNamed(stages, source.name) >= 0;
      if (!isStage && source.name !== SCRATCH) images.add(source.name);
    }
  }
  return [...images];
}

function readings(dockerfile: string, build: DockerfileBuild): readonly ReadStages[] {
  const { args = {}, target = '', platforms = [] } = build;
  const builder = machinePlatform();
  return (platforms.length > 0 ? platforms : [builder]).map((platform) => {
    // The name of the last stage is needed first, and is known only after the stages were read.
    const last = target === '' ? lastName(dockerfile) : target;
    return readStages(dockerfile, args, platformArguments(platform, builder, last));
  });
}

function lastName(dockerfile: string): string {
  return readStages(dockerfile, {}, {}).stages.at(-1)?.name ?? '';
}

/** Docker's own frontends, which parse a Dockerfile as BuildKit does. */
const OWN_SYNTAX = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@].*)?$/;

function foreignSyntax(dockerfile: string, { args = {} }: DockerfileBuild): readonly string[] {
  const declared = Object.hasOwn(args, 'BUILDKIT_SYNTAX') ? args['BUILDKIT_SYNTAX'] : undefined;
  const syntax = declared ?? readSyntax(dockerfile);
  if (syntax === undefined || OWN_SYNTAX.test(syntax)) return [];
  return [`it uses the frontend ${excerpt(syntax)}, which may parse it differently`];
}

const SCRATCH = 'scratch';

/** Returns the images that the target needs, including those of its base stages. */
function imagesOf(stages: readonly Stage[], target: string | undefined): BaseImages {
  const walk = new StageWalk(stages);
  const start = target === undefined ? stages.length - 1 : findTarget(stages, target);
  if (start >= 0) walk.visit(start);
  else if (target !== undefined) walk.problems.push(`there is no stage ${target}`);
  return { images: [...walk.images], problems: walk.problems };
}

/** BuildKit finds a target by name, podman and buildah also by number. */
function findTarget(stages: readonly Stage[], target: string): number {
  const named = findNamed(stages, target.toLowerCase());
  if (named >= 0 || !/^[0-9]+$/.test(target)) return named;
  return Number(target) < stages.length ? Number(target) : -1;
}

/** Returns the last stage of this name. */
function findNamed(stages: readonly Stage[], name: string): number {
  const lower = name.toLowerCase();
  return stages.findLastIndex((stage) => stage.name === lower);
}

class StageWalk {
  readonly images = new Set<string>();
  readonly problems: string[] = [];
  readonly #seen = new Set<number>();
  readonly #numbered: readonly (Source | number)[];

  constructor(private readonly stages: readonly Stage[]) {
    this.#numbered = numberedSources(stages);
  }

  visit(index: number): void {
    const stage = this.stages[index];
    if (!stage || this.#seen.has(index)) return;
    this.#seen.add(index);
    // A base can only be an earlier stage; of several with the same name, the nearest. Case-sensitive.
    const before = this.stages.slice(0, index);
    const base = before.findLastIndex(({ name }) => name !== undefined && name === stage.base);
    if (base >= 0) this.visit(base);
    else if (stage.base !== undefined) this.#add(stage.base);
    const inherited = this.stages[base]?.onBuildSources ?? [];
    for (const source of inherited) {
      if (source.kind !== 'unread') continue;
      this.problems.push(`the source of files of ONBUILD cannot be read: ${excerpt(source.text)}`);
    }
    for (const source of [...inherited, ...stage.sources]) this.#source(source, index);
  }

  #source(source: Source, index: number): void {
    if (source.kind === 'name') {
      // BuildKit uses the last stage of a name, and then rejects one that is not earlier.
      const [last, nearest] = [this.stages, this.stages.slice(0, index)].map((stages) =>
        findNamed(stages, source.name),
      );
      const from = last !== undefined && last < index ? last : (nearest ?? -1);
      if (from >= 0) this.visit(from);
      else this.#add(source.name);
    } else if (source.kind === 'number') {
      const from = this.#numbered[source.number];
      if (typeof from === 'number' && from < index) this.visit(from);
      else if (typeof from === 'object') this.#source(from, index);
      else this.problems.push(`there is no stage ${source.number} to copy from`);
    }
  }

  #add(image: string): void {
    if (image !== SCRATCH) this.images.add(image);
  }
}

/**
 * Returns what a number refers to in BuildKit: the stages, followed by one entry for each use of
 * another image as a source.
 */
function numberedSources(stages: readonly Stage[]): readonly (Source | number)[] {
  const others = stages
    .flatMap((stage) => stage.sources)
    .filter((source) => source.kind === 'name' && findNamed(stages, source.name) < 0);
  return [...stages.keys(), ...others];
}
