import { argumentFlags } from './build-arguments';
import type { BuildRequest } from './builder';
import { secretVariable } from './environment';

/** `--flag value` for each pair, in a fixed order. */
function pairs(flag: string, values: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(values)
    .sort()
    .flatMap((key) => [flag, `${key}=${values[key] ?? ''}`]);
}

/** What all builders spell the same: file, target, arguments, labels. */
export function commonFlags(request: BuildRequest): readonly string[] {
  return [
    '--file',
    request.dockerfile,
    ...(request.target === undefined ? [] : ['--target', request.target]),
    ...argumentFlags(request),
    ...pairs('--label', request.labels),
  ];
}

/** Build secrets by the name of the variable that holds them (see `valueEnvironment`). */
export function secretFlags(secrets: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(secrets)
    .sort()
    .flatMap((id, index) => ['--secret', `id=${id},env=${secretVariable(index)}`]);
}

/**
 * Cache sources for the builders that take repositories only: of BuildKit's spelling
 * `type=registry,ref=<repository>` the repository. `undefined`: a kind that only BuildKit has.
 */
export function cacheRepositories(entries: readonly string[]): readonly string[] | undefined {
  const repositories = entries.map(cacheRepository);
  return repositories.includes(undefined) ? undefined : (repositories as readonly string[]);
}

function cacheRepository(entry: string): string | undefined {
  if (!entry.includes('=')) return entry;
  const fields = new Map(
    entry.split(',').map((field): [string, string] => {
      const at = field.indexOf('=');
      return at < 0 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)];
    }),
  );
  return fields.get('type') === 'registry' ? fields.get('ref') : undefined;
}
