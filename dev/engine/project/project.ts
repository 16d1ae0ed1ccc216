import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';

/** The runtimes whose programs the engine starts. */
export const RUNTIMES = ['nodejs', 'python', 'go', 'java', 'yaml'] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** The members of a `Pulumi.yaml` that the engine uses. */
export interface Project {
  readonly dir: string;
  readonly name: string;
  readonly runtime: Runtime;
  readonly main?: string;
  readonly typescript: boolean;
  readonly nodeArgs: readonly string[];
  /** Python: folder of the virtual environment, from the project's folder. */
  readonly virtualenv?: string;
  /** Go and Java: a compiled program, from the project's folder. Default: the program is compiled. */
  readonly binary?: string;
  /** Plugin folders by package. */
  readonly plugins: ReadonlyMap<string, string>;
  /** Project-wide config, keys `namespace:name`. */
  readonly config: ReadonlyMap<string, string>;
}

type Yaml = Readonly<Record<string, unknown>>;

export const asMap = (value: unknown): Yaml =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Yaml) : {};

const asText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** Config values are text on the wire; other values are encoded as JSON. */
export const configText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

export const qualifyKey = (key: string, project: string): string =>
  key.includes(':') ? key : `${project}:${key}`;

const isPath = (source: string): boolean => /^(\.{1,2}(\/|$)|\/)/.test(source);

const pluginFolders = (dir: string, yaml: Yaml): ReadonlyMap<string, string> => {
  const folders = new Map<string, string>();
  for (const [name, entry] of Object.entries(asMap(yaml['packages']))) {
    const source = asText(entry) ?? asText(asMap(entry)['source']);
    if (source !== undefined && isPath(source)) folders.set(name, resolve(dir, source));
  }
  const providers = asMap(yaml['plugins'])['providers'];
  for (const entry of Array.isArray(providers) ? providers : []) {
    const { name, path } = asMap(entry);
    if (typeof name === 'string' && typeof path === 'string') folders.set(name, resolve(dir, path));
  }
  return folders;
};

const projectConfig = (name: string, yaml: Yaml): ReadonlyMap<string, string> => {
  const config = new Map<string, string>();
  for (const [key, entry] of Object.entries(asMap(yaml['config']))) {
    const fields = asMap(entry);
    const value =
      fields['value'] ?? fields['default'] ?? (Object.keys(fields).length ? undefined : entry);
    if (value !== undefined && value !== null) config.set(qualifyKey(key, name), configText(value));
  }
  return config;
};

const isRuntime = (name: unknown): name is Runtime => RUNTIMES.some((known) => known === name);

/** @throws Error if `Pulumi.yaml` is missing or invalid, or the engine does not start programs of its runtime */
export const readProject = (dir: string): Project => {
  const file = join(dir, 'Pulumi.yaml');
  const yaml = asMap(load(readFileSync(file, 'utf8')));
  const name = asText(yaml['name']);
  if (name === undefined) throw new Error(`${file} has no name`);
  const runtime = asText(yaml['runtime']) ?? asText(asMap(yaml['runtime'])['name']);
  if (!isRuntime(runtime)) {
    throw new Error(
      `${file}: the local engine runs programs of the runtimes ${RUNTIMES.join(', ')}, not ${runtime}`,
    );
  }
  const options = asMap(asMap(yaml['runtime'])['options']);
  const main = asText(yaml['main']);
  const virtualenv = asText(options['virtualenv']);
  const binary = asText(options['binary']);
  return {
    dir: resolve(dir),
    name,
    runtime,
    ...(virtualenv !== undefined && { virtualenv }),
    ...(binary !== undefined && { binary }),
    ...(main !== undefined && { main }),
    typescript: options['typescript'] !== false,
    nodeArgs: (asText(options['nodeargs']) ?? '').split(' ').filter((arg) => arg !== ''),
    plugins: pluginFolders(resolve(dir), yaml),
    config: projectConfig(name, yaml),
  };
};
