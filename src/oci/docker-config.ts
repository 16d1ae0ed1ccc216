import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { SignedImageError } from '../error';
import { askHelper, type HelperRunner, runHelper } from './credential-helper';
import type { Credentials, CredentialSource } from './credentials';
import { systemErrorCode } from './system-error';

/** The machine around docker's config, so that tests have it in hand. */
export interface DockerConfigAccess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; `undefined` when there is none. Other failures throw. */
  readonly readFile: (path: string) => Promise<string | undefined>;
  readonly runHelper: HelperRunner;
}

/** The config, helpers and environment of this process. */
export function systemDockerConfig(): DockerConfigAccess {
  return { env: process.env, readFile: readIfThere, runHelper: runHelper(process.env) };
}

interface ConfigFile {
  readonly path: string;
  readonly content: Readonly<Record<string, unknown>>;
}

const HUB = 'index.docker.io';
const HUB_KEY = 'https://index.docker.io/v1/';

/**
 * Credentials as `docker login` and `podman login` leave them. Looked into, in this order:
 * `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`, then `$REGISTRY_AUTH_FILE` or
 * `$XDG_RUNTIME_DIR/containers/auth.json`. In each: `credHelpers`, `credsStore`, `auths`.
 * The files are read when a registry first asks for credentials.
 */
export function dockerConfigCredentials(access: DockerConfigAccess): CredentialSource {
  return async (registry) => {
    for (const path of configPaths(access)) {
      const file = await readConfig(access, path);
      const found = file && (await findIn(access, file, registry));
      if (found) return found;
    }
    return undefined;
  };
}

function configPaths({ env }: DockerConfigAccess): readonly string[] {
  const docker =
    env['DOCKER_CONFIG'] || join(env['HOME'] || env['USERPROFILE'] || homedir(), '.docker');
  const runtime = env['XDG_RUNTIME_DIR'];
  const podman =
    env['REGISTRY_AUTH_FILE'] || (runtime ? join(runtime, 'containers', 'auth.json') : undefined);
  return [join(docker, 'config.json'), ...(podman === undefined ? [] : [podman])];
}

async function readConfig(
  access: DockerConfigAccess,
  path: string,
): Promise<ConfigFile | undefined> {
  let text: string | undefined;
  try {
    text = await access.readFile(path);
  } catch (error) {
    throw unreadable(path, 'cannot be read', error);
  }
  if (text === undefined || text.trim() === '') return undefined;
  try {
    const content: unknown = JSON.parse(text);
    if (isRecord(content)) return { path, content };
  } catch {
    // The parser's message quotes the text, which holds credentials: it is not kept as the cause.
  }
  throw unreadable(path, 'is not a JSON object');
}

async function findIn(
  access: DockerConfigAccess,
  { path, content }: ConfigFile,
  registry: string,
): Promise<Credentials | undefined> {
  const helper = helperName(content, registry);
  if (helper !== undefined) {
    const found = await askHelper(access.runHelper, helper, registry === HUB ? HUB_KEY : registry);
    if (found) return found;
  }
  const { auths } = content;
  if (!isRecord(auths)) return undefined;
  for (const [key, entry] of Object.entries(auths)) {
    if (hostOfKey(key) !== registry) continue;
    if (!isRecord(entry)) throw unreadable(path, `has a malformed entry for ${registry}`);
    const found = credentialsOf(entry, path, registry);
    if (found) return found;
  }
  return undefined;
}

/** A helper for this very host, else the one for all. */
function helperName(content: ConfigFile['content'], registry: string): string | undefined {
  const { credHelpers, credsStore } = content;
  if (isRecord(credHelpers)) {
    for (const [key, name] of Object.entries(credHelpers)) {
      if (hostOfKey(key) === registry && typeof name === 'string' && name !== '') return name;
    }
  }
  return typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined;
}

/**
 * The host that a key of `auths` is for: `host`, `host/v1/`, `https://host/any/path`. A key without
 * scheme but with another path is podman's narrower form, for a namespace: it is not for the host.
 */
function hostOfKey(key: string): string | undefined {
  const [, scheme, host = '', path = ''] = /^(https?:\/\/)?([^/]+)(\/.*)?$/.exec(key) ?? [];
  if (scheme === undefined && !/^(\/(v[12]\/?)?)?$/.test(path)) return undefined;
  const lower = host.toLowerCase();
  return lower === 'docker.io' || lower === 'registry-1.docker.io' ? HUB : lower;
}

function credentialsOf(
  { auth, username, password, identitytoken, registrytoken }: Readonly<Record<string, unknown>>,
  path: string,
  registry: string,
): Credentials | undefined {
  const source = path;
  if (isText(identitytoken)) return { kind: 'identity-token', token: identitytoken, source };
  if (isText(registrytoken)) return { kind: 'registry-token', token: registrytoken, source };
  if (isText(auth)) {
    const text = Buffer.from(auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 1)
      throw unreadable(path, `has an "auth" for ${registry} that is not base64 of user:password`);
    // Docker pads with NUL bytes, and takes them off again.
    return {
      kind: 'password',
      username: text.slice(0, colon),
      password: text.slice(colon + 1).replace(/\0+$/, ''),
      source,
    };
  }
  if (isText(username) && isText(password)) return { kind: 'password', username, password, source };
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(path: string, what: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'CREDENTIALS_UNREADABLE',
    message: `${path} ${what}; mend it, or give registry.username and registry.password`,
    cause,
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
