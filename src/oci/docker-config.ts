import { readFile } from 'node:fs/promises';

import { type AuthFile, authFileLocations, isRecord, readAuthFile, unreadable } from './auth-file';
import { runCredentialHelper, type HelperRunner, runHelper } from './credential-helper';
import type { Credentials, CredentialSource } from './credentials';
import type { Repository } from './reference';
import { systemErrorCode } from '../http/system-error';

/** The machine around the files of logins, so that tests have it in hand. */
export interface DockerConfigAccess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; `undefined` when there is none. Other failures throw. */
  readonly readFile: (path: string) => Promise<string | undefined>;
  readonly runHelper: HelperRunner;
  /** For `/run/containers/<uid>`. Default: none, and that folder is not searched. */
  readonly uid?: number | undefined;
  /** Default: that of this process. */
  readonly platform?: NodeJS.Platform | undefined;
}

/** The files, helpers and user of this process. */
export function systemDockerConfig(env: NodeJS.ProcessEnv = process.env): DockerConfigAccess {
  return {
    env,
    readFile: readIfThere,
    runHelper: runHelper(env),
    uid: process.getuid?.(),
    platform: process.platform,
  };
}

/** A login that was found, and what stands in the file for it. */
export interface Login {
  readonly file: AuthFile;
  readonly credentials: Credentials;
  /** The helper that gave it, or the entry of `auths` that it stands in. */
  readonly from:
    | { readonly kind: 'helper'; readonly name: string }
    | {
        readonly kind: 'entry';
        /** Below the registry, for the namespace that it is for; empty for the whole registry. */
        readonly path: string;
        readonly entry: Readonly<Record<string, unknown>>;
      };
}

export const HUB = 'index.docker.io';
/** How docker names Docker Hub, in its config and to helpers. */
export const HUB_KEY = 'https://index.docker.io/v1/';
/** How podman, buildah and skopeo name it. */
export const CONTAINERS_HUB_KEY = 'docker.io';

/**
 * Credentials as `docker login`, `podman login`, `buildah login`, `skopeo login` and `crane auth
 * login` leave them, in the order of `authFilePlaces`. In each file: `credHelpers`, `credsStore`,
 * then `auths` with the most specific key first. The files are read when a registry first asks for
 * credentials, and helpers asked again only by `anew`.
 */
export function dockerConfigCredentials(access: DockerConfigAccess): CredentialSource {
  let runs = rememberRuns(access.runHelper);
  return async (repository, { anew = false } = {}) => {
    if (anew) runs = rememberRuns(access.runHelper);
    return (await findLogin({ ...access, runHelper: runs }, repository))?.credentials;
  };
}

/** One answer of a helper is for all repositories of a registry. */
function rememberRuns(run: HelperRunner): HelperRunner {
  const runs = new Map<string, ReturnType<HelperRunner>>();
  return (name, input) => {
    const key = JSON.stringify([name, input]);
    const known = runs.get(key) ?? run(name, input);
    runs.set(key, known);
    return known;
  };
}

/** @throws SignedImageError `CREDENTIALS_UNREADABLE` */
export async function findLogin(
  access: DockerConfigAccess,
  repository: Repository,
): Promise<Login | undefined> {
  for (const place of configLocations(access)) {
    // Read when it is its turn: a broken file does no harm to those before it.
    const file = await readAuthFile(access.readFile, place);
    const login = await findIn(file, access.runHelper, repository);
    if (login) return login;
  }
  return undefined;
}

/** All files of logins that exist, the strongest first. */
export async function authFiles(access: DockerConfigAccess): Promise<readonly AuthFile[]> {
  const files: AuthFile[] = [];
  for (const place of configLocations(access)) {
    const file = await readAuthFile(access.readFile, place);
    if (file) files.push(file);
  }
  return files;
}

function configLocations({ env, uid, platform = process.platform }: DockerConfigAccess) {
  return authFileLocations(env, { uid, platform });
}

async function findIn(
  file: AuthFile | undefined,
  runHelper: HelperRunner,
  { registry, path }: Repository,
): Promise<Login | undefined> {
  if (!file) return undefined;
  const name = helperName(file, registry);
  if (name !== undefined) {
    for (const server of serverNames(registry)) {
      const credentials = await runCredentialHelper(runHelper, name, server);
      if (credentials) return { file, credentials, from: { kind: 'helper', name } };
    }
  }
  for (const { key, path: part } of keysFor(file, registry, path)) {
    const entry = file.auths[key];
    if (!isRecord(entry)) throw unreadable(file.path, `has a malformed entry for ${registry}`);
    const credentials = credentialsOf(entry, file.path, registry);
    if (credentials) return { file, credentials, from: { kind: 'entry', path: part, entry } };
  }
  return undefined;
}

/** A helper for this very host, else the one for all. */
function helperName({ credHelpers, credsStore }: AuthFile, registry: string): string | undefined {
  const [key] = Object.keys(credHelpers).filter((one) => isWhole(one, registry));
  const name = key === undefined ? undefined : credHelpers[key];
  return name !== undefined && name !== '' ? name : credsStore;
}

/** A helper may have Docker Hub's login under the name that docker or that podman uses. */
function serverNames(registry: string): readonly string[] {
  return registry === HUB ? [HUB_KEY, CONTAINERS_HUB_KEY] : [registry];
}

/** The keys that are for the repository, the most specific first, and exact ones before others. */
function keysFor(
  { auths }: AuthFile,
  registry: string,
  path: string,
): readonly { readonly key: string; readonly path: string }[] {
  const found = Object.keys(auths).flatMap((key) => {
    const scope = scopeOfKey(key);
    if (scope?.registry !== registry) return [];
    const holds = scope.path === '' || path === scope.path || path.startsWith(`${scope.path}/`);
    return holds ? [{ key, path: scope.path, exact: key.toLowerCase() === registry }] : [];
  });
  return found.sort((a, b) => b.path.length - a.path.length || Number(b.exact) - Number(a.exact));
}

function isWhole(key: string, registry: string): boolean {
  const scope = scopeOfKey(key);
  return scope?.registry === registry && scope.path === '';
}

/**
 * What a key is for: `host`, `host/v1/` and `https://host/any/path` are for all of the host;
 * `host/team` and `host/team/app` for what is below that.
 */
export function scopeOfKey(
  key: string,
): { readonly registry: string; readonly path: string } | undefined {
  const [, scheme, host = '', rest = ''] = /^(https?:\/\/)?([^/]+)(\/.*)?$/.exec(key) ?? [];
  if (host === '') return undefined;
  const isWholeHost = scheme !== undefined || /^(\/(v[12]\/?)?)?$/.test(rest);
  const lower = host.toLowerCase();
  const isHub = lower === CONTAINERS_HUB_KEY || lower === HUB || lower === 'registry-1.docker.io';
  return {
    registry: isHub ? HUB : lower,
    path: isWholeHost ? '' : rest.replace(/^\/|\/$/g, ''),
  };
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

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
