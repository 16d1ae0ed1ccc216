import { readFile } from 'node:fs/promises';

import { type AuthFile, authFileLocations, isRecord, readAuthFile, unreadable } from './auth-file';
import { runCredentialHelper, type HelperRunner, runHelper } from './credential-helper';
import type { Credentials, CredentialSource } from './credentials';
import type { Repository } from './reference';
import { systemErrorCode } from '../http/system-error';

/** Access to auth files and credential helpers, injected so that tests can replace it. */
export interface DockerConfigAccess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the text of a file; `undefined` if it does not exist. Other failures throw. */
  readonly readFile: (path: string) => Promise<string | undefined>;
  readonly runHelper: HelperRunner;
  /** For `/run/containers/<uid>`. Default: that folder is not searched. */
  readonly uid?: number | undefined;
  /** Default: that of this process. */
  readonly platform?: NodeJS.Platform | undefined;
}

/** Returns the access to the files, helpers and user of this process. */
export function systemDockerConfig(env: NodeJS.ProcessEnv = process.env): DockerConfigAccess {
  return {
    env,
    readFile: readIfThere,
    runHelper: runHelper(env),
    uid: process.getuid?.(),
    platform: process.platform,
  };
}

/** A login, and the file entry or helper that it is from. */
export interface Login {
  readonly file: AuthFile;
  readonly credentials: Credentials;
  /** The helper that returned it, or its entry in `auths`. */
  readonly from:
    | { readonly kind: 'helper'; readonly name: string }
    | {
        readonly kind: 'entry';
        /** The namespace below the registry; empty for the whole registry. */
        readonly path: string;
        readonly entry: Readonly<Record<string, unknown>>;
      };
}

export const HUB = 'index.docker.io';
/** Docker's key for Docker Hub, in its config and for helpers. */
export const HUB_KEY = 'https://index.docker.io/v1/';
/** The key that podman, buildah and skopeo use. */
export const CONTAINERS_HUB_KEY = 'docker.io';

/**
 * Returns a source of the credentials that `docker login`, `podman login`, `buildah login`, `skopeo
 * login` and `crane auth login` store, in the order of `authFileLocations`. In each file:
 * `credHelpers`, `credsStore`, then `auths` with the most specific key first. The files are read when
 * a registry first requires credentials; helpers run again only with `bypassCache`.
 */
export function dockerConfigCredentials(access: DockerConfigAccess): CredentialSource {
  let runs = cacheRuns(access.runHelper);
  return async (repository, { bypassCache = false } = {}) => {
    if (bypassCache) runs = cacheRuns(access.runHelper);
    return (await findLogin({ ...access, runHelper: runs }, repository))?.credentials;
  };
}

/** Caches the output of helpers: one run covers all repositories of a registry. */
function cacheRuns(run: HelperRunner): HelperRunner {
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
  for (const location of configLocations(access)) {
    // Read one after the other: an unreadable file does not affect those of higher precedence.
    const file = await readAuthFile(access.readFile, location);
    const login = await findIn(file, access.runHelper, repository);
    if (login) return login;
  }
  return undefined;
}

/** Reads all existing auth files in order of precedence. */
export async function authFiles(access: DockerConfigAccess): Promise<readonly AuthFile[]> {
  const files: AuthFile[] = [];
  for (const location of configLocations(access)) {
    const file = await readAuthFile(access.readFile, location);
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

/** Returns the helper for this host, else the default one. */
function helperName({ credHelpers, credsStore }: AuthFile, registry: string): string | undefined {
  const [key] = Object.keys(credHelpers).filter((candidate) =>
    isWholeRegistry(candidate, registry),
  );
  const name = key === undefined ? undefined : credHelpers[key];
  return name !== undefined && name !== '' ? name : credsStore;
}

/** A helper may store Docker Hub's login under docker's or podman's key. */
function serverNames(registry: string): readonly string[] {
  return registry === HUB ? [HUB_KEY, CONTAINERS_HUB_KEY] : [registry];
}

/** Returns the keys that match the repository, the most specific first, and exact ones before others. */
function keysFor(
  { auths }: AuthFile,
  registry: string,
  path: string,
): readonly { readonly key: string; readonly path: string }[] {
  const found = Object.keys(auths).flatMap((key) => {
    const scope = scopeOfKey(key);
    if (scope?.registry !== registry) return [];
    const matches = scope.path === '' || path === scope.path || path.startsWith(`${scope.path}/`);
    return matches ? [{ key, path: scope.path, exact: key.toLowerCase() === registry }] : [];
  });
  return found.sort((a, b) => b.path.length - a.path.length || Number(b.exact) - Number(a.exact));
}

function isWholeRegistry(key: string, registry: string): boolean {
  const scope = scopeOfKey(key);
  return scope?.registry === registry && scope.path === '';
}

/**
 * Parses the scope of a key: `host`, `host/v1/` and `https://host/any/path` cover the whole host;
 * `host/team` and `host/team/app` cover the repositories below them.
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
    // Docker pads with NUL bytes, and strips them when it reads.
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
