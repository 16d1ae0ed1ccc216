import { homedir } from 'node:os';
import { join } from 'node:path';

/** One file in which a tool stores the logins of a user. */
export interface AuthFilePlace {
  readonly path: string;
  /** Who writes it, and so how it is read: `dockercfg` has its entries at the top level. */
  readonly format: 'containers' | 'docker' | 'dockercfg';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The files that hold logins, in the order in which they are read: what a variable names, then the
 * places of containers-auth.json(5), then those of docker. One order for reading and for pushing,
 * whichever builder pushes.
 *
 * `DOCKER_CONFIG` comes before the places that no variable names, and replaces `~/.docker`: docker,
 * podman, buildah and skopeo all prefer the folder that it names.
 *
 * https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 */
export function authFilePlaces(
  env: Environment,
  { uid, platform }: { readonly uid: number | undefined; readonly platform: NodeJS.Platform },
): readonly AuthFilePlace[] {
  const home = env['HOME'] || env['USERPROFILE'] || homedir();
  const inContainers = (folder: string): AuthFilePlace => ({
    path: join(folder, 'containers', 'auth.json'),
    format: 'containers',
  });
  const named = env['REGISTRY_AUTH_FILE'];
  const runtime = env['XDG_RUNTIME_DIR'];
  const config = env['XDG_CONFIG_HOME'];
  const docker = dockerConfigFile(env);
  const places: readonly AuthFilePlace[] = [
    ...(named ? [{ path: named, format: 'containers' as const }] : []),
    ...(env['DOCKER_CONFIG'] ? [docker] : []),
    ...(runtime ? [inContainers(runtime)] : []),
    ...(platform === 'linux' && uid !== undefined
      ? [
          {
            path: join('/run', 'containers', String(uid), 'auth.json'),
            format: 'containers' as const,
          },
        ]
      : []),
    ...(config ? [inContainers(config)] : []),
    inContainers(join(home, '.config')),
    docker,
    { path: join(home, '.dockercfg'), format: 'dockercfg' },
  ];
  return places.filter(
    ({ path }, position) => places.findIndex((other) => other.path === path) === position,
  );
}

/** The folder that docker itself reads. */
export function dockerConfigFolder(env: Environment): string {
  const home = env['HOME'] || env['USERPROFILE'] || homedir();
  return env['DOCKER_CONFIG'] || join(home, '.docker');
}

function dockerConfigFile(env: Environment): AuthFilePlace {
  return { path: join(dockerConfigFolder(env), 'config.json'), format: 'docker' };
}
