import { parseSsh } from '../../build';

/** `host:ip`, the syntax of `--add-host`. */
export function hostEntries(hosts: Readonly<Record<string, string>>): string[] {
  return Object.keys(hosts)
    .sort()
    .map((host) => `${host}:${hosts[host] ?? ''}`);
}

/** The sources of `build.ssh` as `@pulumi/docker-build` declares them. */
export function sshSources(specs: readonly string[]): { id: string; paths?: string[] }[] {
  return specs.map((spec) => {
    const { id, paths } = parseSsh(spec, process.cwd());
    return { id, ...(paths.length > 0 && { paths: [...paths] }) };
  });
}

/** Named contexts as `@pulumi/docker-build` declares them. */
export function locations(
  contexts: Readonly<Record<string, string>>,
): Record<string, { location: string }> {
  return Object.fromEntries(
    Object.entries(contexts).map(([name, location]) => [name, { location }]),
  );
}
