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

/** What was declared for the push registry; without it the user's own login is looked up. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** Where a build pushes, and with what. */
export interface PushTarget {
  /** An empty folder of the session. */
  readonly folder: string;
  readonly repository: Repository;
  readonly login: RegistryLogin | undefined;
  /** Variables of this process, by which the files of logins are found. */
  readonly env: NodeJS.ProcessEnv;
  /** Those of the builder's process, with which it runs credential helpers. */
  readonly builderEnv: NodeJS.ProcessEnv;
}

/** Only its owner may read what holds credentials. */
const PRIVATE = 0o600;

/** The login that pushes: the one that the registry client uses for the same repository. */
interface PushLogin {
  readonly credentials: Credentials;
  /** The namespace that it is for; empty for the whole registry. */
  readonly path: string;
  /** The file that has it; `undefined`: it was declared. */
  readonly file: AuthFile | undefined;
  /** A helper that the builder can run itself: then it asks when it needs the credentials. */
  readonly helper: string | undefined;
}

/**
 * A docker configuration like the user's, with the login that pushes, and the logins of the other
 * tools. The chosen context, plug-ins and buildx builders are found as before.
 *
 * @returns the variables that make docker use it; none if its own configuration is all there is
 * @throws SignedImageError `CREDENTIALS_UNREADABLE`
 */
export async function writeDockerConfig(target: PushTarget): Promise<NodeJS.ProcessEnv> {
  const { folder, env, repository } = target;
  const original = dockerConfigFolder(env);
  const path = join(original, 'config.json');
  const files = await authFiles(systemDockerConfig(env));
  const config = files.find((file) => file.path === path);
  const pushing = await pushLogin(target);
  // docker knows no namespaces: a login for one is of no use to it, except as the one that pushes.
  const others = mergeLogins(files).filter(
    (login) => login.file.path !== path && login.path === '',
  );
  if (others.length === 0 && (!pushing || findsItself(pushing, path))) return {};
  const auths: Record<string, AuthEntry> = {};
  const credHelpers: Record<string, string> = {};
  const put = (registry: string, value: UserLogin['value']): void => {
    const key = registry === HUB ? HUB_KEY : registry;
    if (value.kind === 'entry') auths[key] = value.entry;
    else delete auths[key];
    // docker asks a helper before it looks into `auths`; an empty name switches it off for one host.
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
  await writeFile(join(folder, 'config.json'), JSON.stringify(merged), { mode: PRIVATE });
  await symlinkOnce(join(original, 'contexts'), join(folder, 'contexts'));
  return { DOCKER_CONFIG: folder, BUILDX_CONFIG: env['BUILDX_CONFIG'] || join(original, 'buildx') };
}

/**
 * An auth file for podman and buildah with all logins of the user, and the one that pushes, also
 * where docker's credential store has that. Written again before the push: what a helper gave
 * before a long build may have ended. Without a login it is empty: podman ends with an error where
 * `DOCKER_CONFIG` names a folder without a `config.json`, unless another file is named.
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
    // The containers tools know no store; one that does not work must not break an anonymous pull.
    else if (!value.isStore) credHelpers[key] = value.name;
  }
  if (pushing) {
    const { registry, path } = repository;
    const whole = containersKey(registry, '');
    const entry = entryOf(pushing.credentials);
    auths[containersKey(registry, pushing.path)] = entry;
    // A helper comes before `auths`, and the most specific key first.
    delete credHelpers[whole];
    const isNarrower = (key: string): boolean =>
      key.startsWith(`${whole}/`) && key !== containersKey(registry, pushing.path);
    if (Object.keys(auths).some(isNarrower)) auths[containersKey(registry, path)] = entry;
  }
  const path = join(folder, 'auth.json');
  await writeFile(path, JSON.stringify({ auths, credHelpers }), { mode: PRIVATE });
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
  // A helper that fails is reported by the registry client, once the registry asks for a login.
  const found = await findLogin(systemDockerConfig(env), repository).catch(() => undefined);
  if (!found) return undefined;
  const { credentials, file, from } = found;
  if (from.kind === 'entry') return { credentials, path: from.path, file, helper: undefined };
  // The builder has less of an environment than this process, and its helper may need more.
  const asBuilder = { ...systemDockerConfig(env), runHelper: runHelper(builderEnv) };
  const again = await findLogin(asBuilder, repository).catch(() => undefined);
  const works = again?.from.kind === 'helper' && again.file.path === file.path;
  return { credentials, path: '', file, helper: works ? from.name : undefined };
}

/** Whether docker, with its own configuration alone, would push with the same login. */
function findsItself({ file, path, helper, credentials }: PushLogin, config: string): boolean {
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

/** The configuration is written again before a push. */
async function symlinkOnce(to: string, at: string): Promise<void> {
  await symlink(to, at).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}
