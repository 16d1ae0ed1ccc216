import { parseBoundedJson } from '../../http/json-bounds';

/** Parts of the config of a built image in a local store, with validated structure. */
export interface BuiltConfig {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
  readonly exposedPorts: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `undefined`: the store does not return it. Empty: the default, `/bin/sh -c`. */
  readonly shell: readonly string[] | undefined;
  readonly healthcheck: Readonly<Record<string, unknown>>;
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses the output of `docker image inspect`, `podman image inspect` or `buildah inspect --type image`.
 *
 * @returns `undefined` if it has another format
 */
export function parseInspect(text: string): BuiltConfig | undefined {
  const image = firstOf(parseJson(text));
  if (image === undefined) return undefined;
  // buildah nests the config in the format of registries; the others have their own format.
  const docker = objectOf(image['Docker']);
  if (docker !== undefined) return fromDockerConfig(docker);
  const config = objectOf(image['Config']);
  if (config === undefined) return undefined;
  return {
    os: textOf(image['Os']),
    architecture: textOf(image['Architecture']),
    variant: textOf(image['Variant']) || undefined,
    ...settingsOf(config),
    shell: shellOf(image, config),
    healthcheck: objectOf(config['Healthcheck']) ?? objectOf(image['Healthcheck']) ?? {},
  };
}

function fromDockerConfig(docker: JsonObject): BuiltConfig {
  const config = objectOf(docker['config']) ?? {};
  return {
    os: textOf(docker['os']),
    architecture: textOf(docker['architecture']),
    variant: textOf(docker['variant']) || undefined,
    ...settingsOf(config),
    shell: wordsOf(config['Shell']),
    healthcheck: objectOf(config['Healthcheck']) ?? {},
  };
}

function settingsOf(config: JsonObject) {
  return {
    exposedPorts: Object.keys(objectOf(config['ExposedPorts']) ?? {}),
    entrypoint: wordsOf(config['Entrypoint']),
    cmd: wordsOf(config['Cmd']),
  };
}

/** podman does not return the shell, but the history, in which builders record the instruction. */
function shellOf(image: JsonObject, config: JsonObject): readonly string[] | undefined {
  if (Array.isArray(config['Shell'])) return wordsOf(config['Shell']);
  const history = image['History'];
  if (!Array.isArray(history)) return [];
  const recorded = history
    .map((entry) => SHELL_INSTRUCTION.exec(textOf(objectOf(entry)?.['created_by']))?.[1])
    .findLast((each) => each !== undefined);
  // Written in several formats (`[/bin/sh -ec]`), which do not keep the words separate.
  return recorded === undefined
    ? undefined
    : recorded.split(/[\s",[\]]+/).filter((word) => word !== '');
}

const SHELL_INSTRUCTION = /^(?:\/bin\/sh -c #\(nop\)\s+)?SHELL\s*(\[.*\])/;

function parseJson(text: string): unknown {
  try {
    return parseBoundedJson(text);
  } catch {
    return undefined;
  }
}

function firstOf(value: unknown): JsonObject | undefined {
  return objectOf(Array.isArray(value) ? value[0] : value);
}

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function wordsOf(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((word): word is string => typeof word === 'string')
    : [];
}
