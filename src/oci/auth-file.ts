import { homedir } from 'node:os';
import { join } from 'node:path';

import { SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';
import { systemErrorCode } from '../http/system-error';

/** The parsed content of one auth file. */
export interface AuthFile extends AuthFileLocation {
  /** Login entries by registry, namespace or repository. */
  readonly auths: Readonly<Record<string, unknown>>;
  /** Names of credential helpers by registry. */
  readonly credHelpers: Readonly<Record<string, string>>;
  /** The credential helper for all other registries. */
  readonly credsStore: string | undefined;
  /** The whole file. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** Reads the text of a file; `undefined` if it does not exist. Other failures throw. */
export type FileReader = (path: string) => Promise<string | undefined>;

/** A larger file is not an auth file, and is not parsed. */
const MAX_AUTH_FILE_CHARACTERS = 4 * 1024 * 1024;

/**
 * Reads an auth file; `undefined` if it does not exist.
 *
 * @throws SignedImageError `CREDENTIALS_UNREADABLE`; the message never quotes the file
 */
export async function readAuthFile(
  read: FileReader,
  location: AuthFileLocation,
): Promise<AuthFile | undefined> {
  const { path, format } = location;
  let text: string | undefined;
  try {
    text = await read(path);
  } catch (error) {
    throw unreadable(path, `cannot be read (${systemErrorCode(error) || 'unknown reason'})`, error);
  }
  if (text === undefined || text.trim() === '') return undefined;
  if (text.length > MAX_AUTH_FILE_CHARACTERS)
    throw unreadable(path, `has more than ${MAX_AUTH_FILE_CHARACTERS} characters`);
  const content = parseRecord(text);
  if (!content) throw unreadable(path, 'is not a JSON object');
  const { auths, credHelpers, credsStore } = content;
  return {
    path,
    format,
    content,
    auths: format === 'dockercfg' ? content : isRecord(auths) ? auths : {},
    credHelpers: isRecord(credHelpers) ? stringMembers(credHelpers) : {},
    credsStore: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
  };
}

export function unreadable(path: string, what: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'CREDENTIALS_UNREADABLE',
    property: 'registry',
    message: `${path} ${what}; repair or remove the file, or set registry.username and registry.password`,
    cause,
  });
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An empty helper name disables the helper. */
function stringMembers(
  record: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(record).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const content = parseBoundedJson(text);
    return isRecord(content) ? content : undefined;
  } catch {
    // The parser's message quotes the text, which contains credentials: it is not kept as the cause.
    return undefined;
  }
}

/** Location and format of a file in which a tool stores a user's logins. */
interface AuthFileLocation {
  readonly path: string;
  /** The format: `dockercfg` has its entries at the top level. */
  readonly format: 'containers' | 'docker' | 'dockercfg';
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the auth files in order of precedence: those set by environment variables, then the
 * default locations of containers-auth.json(5), then those of docker. The registry client and all
 * builders use the same order.
 *
 * `DOCKER_CONFIG` comes before all default locations, and replaces `~/.docker`: docker, podman,
 * buildah and skopeo all prefer its folder.
 *
 * https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 */
export function authFileLocations(
  env: Environment,
  { uid, platform }: { readonly uid: number | undefined; readonly platform: NodeJS.Platform },
): readonly AuthFileLocation[] {
  const home = env['HOME'] || env['USERPROFILE'] || homedir();
  const inContainers = (folder: string): AuthFileLocation => ({
    path: join(folder, 'containers', 'auth.json'),
    format: 'containers',
  });
  const named = env['REGISTRY_AUTH_FILE'];
  const runtime = env['XDG_RUNTIME_DIR'];
  const config = env['XDG_CONFIG_HOME'];
  const docker = dockerConfigFile(env);
  const locations: readonly AuthFileLocation[] = [
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
  return locations.filter(
    ({ path }, position) => locations.findIndex((other) => other.path === path) === position,
  );
}

/** Returns the configuration folder of the docker CLI. */
export function dockerConfigFolder(env: Environment): string {
  const home = env['HOME'] || env['USERPROFILE'] || homedir();
  return env['DOCKER_CONFIG'] || join(home, '.docker');
}

function dockerConfigFile(env: Environment): AuthFileLocation {
  return { path: join(dockerConfigFolder(env), 'config.json'), format: 'docker' };
}
