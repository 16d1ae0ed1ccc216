import { readFile, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { SignedImageError } from '../error';
import { encodeBasic } from './redaction';

/** https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties */
interface DockerConfig {
  readonly auths?: Readonly<Record<string, unknown>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly cliPluginsExtraDirs?: readonly string[];
  readonly [other: string]: unknown;
}

export interface RegistryLogin {
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

const DOCKER_HUB = 'index.docker.io';

/** Only its owner may read what holds credentials. */
const PRIVATE = 0o600;

export function dockerConfigFolder(env: NodeJS.ProcessEnv): string {
  return env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
}

/**
 * A docker configuration like the user's, but with this login. Credentials for base images, the
 * chosen context, plug-ins and buildx builders are found as before.
 *
 * @returns the variables that make docker use it
 * @throws SignedImageError `CREDENTIALS_UNREADABLE`
 */
export async function writeDockerConfig(
  folder: string,
  login: RegistryLogin,
  env: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  const original = dockerConfigFolder(env);
  const config = await readConfig(join(original, 'config.json'));
  const key = login.registry === DOCKER_HUB ? 'https://index.docker.io/v1/' : login.registry;
  const merged: DockerConfig = {
    ...config,
    auths: { ...config.auths, [key]: entryOf(login) },
    // docker asks a helper before it looks into `auths`; an empty name switches it off for one host.
    credHelpers: { ...config.credHelpers, [key]: '' },
    cliPluginsExtraDirs: [...(config.cliPluginsExtraDirs ?? []), join(original, 'cli-plugins')],
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(merged), { mode: PRIVATE });
  await symlink(join(original, 'contexts'), join(folder, 'contexts'));
  return { DOCKER_CONFIG: folder, BUILDX_CONFIG: env['BUILDX_CONFIG'] || join(original, 'buildx') };
}

/**
 * An auth file for podman and buildah: all logins that they would find themselves, those of the
 * docker configuration in `DOCKER_CONFIG` (which older versions do not read), and this one.
 *
 * https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 *
 * @returns the path; `undefined` if their own search finds the same
 * @throws SignedImageError `CREDENTIALS_UNREADABLE`
 */
export async function writeAuthFile(
  folder: string,
  login: RegistryLogin | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const namesDockerConfig = Boolean(env['DOCKER_CONFIG']) && !env['REGISTRY_AUTH_FILE'];
  if (!login && !namesDockerConfig) return undefined;
  const auths: Record<string, unknown> = {};
  const credHelpers: Record<string, string> = {};
  for (const path of searchedFiles(env)) {
    const config = await readConfig(path);
    Object.assign(auths, config.auths);
    Object.assign(credHelpers, config.credHelpers);
  }
  if (login) {
    const key = login.registry === DOCKER_HUB ? 'docker.io' : login.registry;
    auths[key] = entryOf(login);
    delete credHelpers[key];
  }
  const path = join(folder, 'auth.json');
  await writeFile(path, JSON.stringify({ auths, credHelpers }), { mode: PRIVATE });
  return path;
}

/** Where containers' tools look, the strongest last. */
export function searchedFiles(env: NodeJS.ProcessEnv): readonly string[] {
  if (env['REGISTRY_AUTH_FILE']) return [env['REGISTRY_AUTH_FILE']];
  const home = env['HOME'] || homedir();
  const runtime = env['XDG_RUNTIME_DIR'];
  return [
    join(dockerConfigFolder(env), 'config.json'),
    join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers', 'auth.json'),
    ...(runtime ? [join(runtime, 'containers', 'auth.json')] : []),
  ];
}

function entryOf({ username, password }: RegistryLogin): { readonly auth: string } {
  return { auth: encodeBasic(username, password) };
}

async function readConfig(path: string): Promise<DockerConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw unreadable(path, 'it cannot be read', error);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as DockerConfig;
    }
  } catch {
    // The parser's own error quotes the text, which may be a credential: it is not kept.
  }
  throw unreadable(path, 'it holds no JSON object');
}

function unreadable(path: string, why: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'CREDENTIALS_UNREADABLE',
    property: 'registry',
    message: `the registry logins in ${path} are unusable: ${why}; repair or remove the file`,
    cause,
  });
}
