import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type AuthFile, dockerConfigFolder } from '../oci/auth-file';
import { runHelper } from '../oci/credential-helper';
import type { Credentials } from '../oci/credentials';
import {
  authFiles,
  CONTAINERS_HUB_KEY,
  findLogin,
  HUB,
  HUB_KEY,
  systemDockerConfig,
} from '../oci/docker-config';
import type { Repository } from '../oci/reference';
import { type AuthEntry, entryOf, mergeLogins, type UserLogin } from './logins';

/** Declared credentials for the push registry. Without these the user's own login is used. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** The repository to which a build pushes, and the sources of its credentials. */
export interface PushTarget {
  /** An empty folder of the session. */
  readonly folder: string;
  readonly repository: Repository;
  readonly login: RegistryLogin | undefined;
  /** Environment of this process, which determines the locations of auth files. */
  readonly env: NodeJS.ProcessEnv;
  /** Environment of the builder's process, in which it runs credential helpers. */
  readonly builderEnv: NodeJS.ProcessEnv;
}

/** File mode of files with credentials: readable only by their owner. */
const FILE_MODE = 0o600;

/** The login for the push: the same one that the registry client uses for the repository. */
interface PushLogin {
  readonly credentials: Credentials;
  /** The namespace of the login; empty for the whole registry. */
  readonly path: string;
  /** The file that contains it; `undefined`: it was declared. */
  readonly file: AuthFile | undefined;
  /** A helper that the builder can run itself, when it needs the credentials. */
  readonly helper: string | undefined;
}

/**
 * Writes a docker configuration with the content of the user's, the login for the push, and the
 * logins of the other tools. Contexts, plug-ins and buildx builders remain available.
 *
 * @returns the variables with which docker uses it; none if the user's configuration is sufficient
 * @throws SignedImageError `CREDENTIALS_UNREADABLE`
 */
export async function writeDockerConfig(target: PushTarget): Promise<NodeJS.ProcessEnv> {
  const { folder, env, repository } = target;
  const original = dockerConfigFolder(env);
  const path = join(original, 'config.json');
  const files = await authFiles(systemDockerConfig(env));
  const config = files.find((file) => file.path === path);
  const pushing = await pushLogin(target);
  // docker does not support namespaces: their logins are not usable, except for the push.
  const others = mergeLogins(files).filter(
    (login) => login.file.path !== path && login.path === '',
  );
  if (others.length === 0 && (!pushing || isFoundByDocker(pushing, path))) return {};
  const auths: Record<string, AuthEntry> = {};
  const credHelpers: Record<string, string> = {};
  const put = (registry: string, value: UserLogin['value']): void => {
    const key = registry === HUB ? HUB_KEY : registry;
    if (value.kind === 'entry') auths[key] = value.entry;
    else delete auths[key];
    // docker prefers a helper to `auths`; an empty name disables the helper for one host.
    credHelpers[key] = value.kind === 'helper' ? value.name : '';
  };
  for (const { registry, value } of others) put(registry, value);
  if (pushing) put(repository.registry, valueOf(pushing));
  const plugins = config?.content['cliPluginsExtraDirs'];
  const merged = {
    ...config?.content,
    auths: { ...config?.auths, ...auths },
    credHelpers: { ...config?.credHelpers, ...credHelpers },
    cliPluginsExtraDirs: [
      ...(Array.isArray(plugins) ? (plugins as unknown[]) : []),
      join(original, 'cli-plugins'),
    ],
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(merged), { mode: FILE_MODE });
  await symlinkOnce(join(original, 'contexts'), join(folder, 'contexts'));
  return { DOCKER_CONFIG: folder, BUILDX_CONFIG: env['BUILDX_CONFIG'] || join(original, 'buildx') };
}

/**
 * Writes an auth file for podman and buildah with all logins of the user and the one for the push,
 * including one in docker's credential store. It is written again before the push: credentials that
 * a helper returned before a long build may have expired. Without a login it is empty: podman fails
 * if `DOCKER_CONFIG` is a folder without a `config.json`, unless another file is given.
 *
 * https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 *
 * @returns the path
 * @throws SignedImageError `CREDENTIALS_UNREADABLE`
 */
export async function writeAuthFile(target: PushTarget): Promise<string> {
  const { folder, env, repository } = target;
  const logins = mergeLogins(await authFiles(systemDockerConfig(env)));
  const pushing = await pushLogin(target);
  const auths: Record<string, AuthEntry> = {};
  const credHelpers: Record<string, string> = {};
  for (const { registry, path, value } of logins) {
    const key = containersKey(registry, path);
    if (value.kind === 'entry') auths[key] = value.entry;
    // podman and buildah do not support a store; one that does not work must not break an anonymous pull.
    else if (!value.isStore) credHelpers[key] = value.name;
  }
  if (pushing) {
    const { registry, path } = repository;
    const whole = containersKey(registry, '');
    const entry = entryOf(pushing.credentials);
    auths[containersKey(registry, pushing.path)] = entry;
    // A helper takes precedence over `auths`, and the most specific key over others.
    delete credHelpers[whole];
    const isNarrower = (key: string): boolean =>
      key.startsWith(`${whole}/`) && key !== containersKey(registry, pushing.path);
    if (Object.keys(auths).some(isNarrower)) auths[containersKey(registry, path)] = entry;
  }
  const path = join(folder, 'auth.json');
  await writeFile(path, JSON.stringify({ auths, credHelpers }), { mode: FILE_MODE });
  return path;
}

async function pushLogin({
  repository,
  login,
  env,
  builderEnv,
}: PushTarget): Promise<PushLogin | undefined> {
  if (login) {
    const credentials = { kind: 'password', ...login, source: 'registry.username' } as const;
    return { credentials, path: '', file: undefined, helper: undefined };
  }
  // A helper that fails is reported by the registry client, once the registry requires a login.
  const found = await findLogin(systemDockerConfig(env), repository).catch(() => undefined);
  if (!found) return undefined;
  const { credentials, file, from } = found;
  if (from.kind === 'entry') return { credentials, path: from.path, file, helper: undefined };
  // The builder has fewer environment variables than this process, and its helper may need others.
  const asBuilder = { ...systemDockerConfig(env), runHelper: runHelper(builderEnv) };
  const byBuilder = await findLogin(asBuilder, repository).catch(() => undefined);
  const works = byBuilder?.from.kind === 'helper' && byBuilder.file.path === file.path;
  return { credentials, path: '', file, helper: works ? from.name : undefined };
}

/** Whether docker would push with the same login with only its own configuration. */
function isFoundByDocker({ file, path, helper, credentials }: PushLogin, config: string): boolean {
  const isUsable = helper !== undefined || credentials.source === config;
  return file?.path === config && path === '' && isUsable;
}

function valueOf({ credentials, helper }: PushLogin): UserLogin['value'] {
  return helper === undefined
    ? { kind: 'entry', entry: entryOf(credentials) }
    : { kind: 'helper', name: helper, isStore: false };
}

function containersKey(registry: string, path: string): string {
  const host = registry === HUB ? CONTAINERS_HUB_KEY : registry;
  return path === '' ? host : `${host}/${path}`;
}

/** Creates a symbolic link unless it exists: the configuration is written again before a push. */
async function symlinkOnce(to: string, at: string): Promise<void> {
  await symlink(to, at).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}
