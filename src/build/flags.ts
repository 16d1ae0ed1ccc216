import { argumentFlags } from './build-arguments';
import type { BuildRequest } from './builder';
import { formatContext, type NamedContexts } from './named-contexts';
import { secretVariable } from './environment';

/** Returns `--flag key=value` for each pair, sorted by key. */
function pairFlags(flag: string, values: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(values)
    .sort()
    .flatMap((key) => [flag, `${key}=${values[key] ?? ''}`]);
}

function contextFlags(contexts: NamedContexts): readonly string[] {
  return Object.entries(contexts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, context]) => ['--build-context', `${name}=${formatContext(context)}`]);
}

function hostFlags(hosts: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(hosts)
    .sort()
    .flatMap((host) => ['--add-host', `${host}:${hosts[host] ?? ''}`]);
}

/** Returns the flags that all builders share. */
export function commonFlags(request: BuildRequest): readonly string[] {
  return [
    '--file',
    request.dockerfile,
    ...(request.target === undefined ? [] : ['--target', request.target]),
    ...argumentFlags(request),
    ...pairFlags('--label', request.labels),
    ...contextFlags(request.contexts ?? {}),
    ...(request.noCache ? ['--no-cache'] : []),
    ...(request.network === undefined ? [] : ['--network', request.network]),
    ...hostFlags(request.addHosts ?? {}),
    ...(request.ssh ?? []).flatMap(({ id, paths }) => [
      '--ssh',
      paths.length > 0 ? `${id}=${paths.join(',')}` : id,
    ]),
  ];
}

/** Returns the flags of build secrets, which refer to environment variables (see `valueEnvironment`). */
export function secretFlags(secrets: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(secrets)
    .sort()
    .flatMap((id, index) => ['--secret', `id=${id},env=${secretVariable(index)}`]);
}

/**
 * Converts cache entries to repositories for builders that support only these: BuildKit's
 * `type=registry,ref=<repository>` becomes the repository. `undefined`: a type that only BuildKit supports.
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
