import { type AuthFile, isRecord } from '../oci/auth-file';
import type { Credentials } from '../oci/credentials';
import { scopeOfKey } from '../oci/docker-config';
import { encodeBasic } from './redaction';

/** An entry of `auths`, as written by docker, podman and buildah. */
export type AuthEntry = Readonly<Record<string, unknown>>;

/** One login in an auth file of the user. */
export interface UserLogin {
  readonly registry: string;
  /** The namespace below the registry; empty for the whole registry. */
  readonly path: string;
  readonly file: AuthFile;
  readonly value:
    | { readonly kind: 'entry'; readonly entry: AuthEntry }
    /** `isStore`: the default helper (`credsStore`). */
    | { readonly kind: 'helper'; readonly name: string; readonly isStore: boolean };
}

/**
 * Merges the logins of all files with the same result as searching the files in order: a login for a
 * registry hides those for it in files of lower precedence.
 *
 * @param files in order of precedence
 */
export function mergeLogins(files: readonly AuthFile[]): readonly UserLogin[] {
  const merged = new Map<string, UserLogin>();
  const hidden = new Set<string>();
  for (const file of files) {
    const own = [...helpersOf(file), ...entriesOf(file)];
    for (const login of own.filter(({ registry }) => !hidden.has(registry))) {
      const key = `${login.registry}/${login.path}`;
      if (!merged.has(key)) merged.set(key, login);
    }
    for (const { registry, path } of own) if (path === '') hidden.add(registry);
  }
  return [...merged.values()];
}

function helpersOf(file: AuthFile): readonly UserLogin[] {
  return Object.entries(file.credHelpers).flatMap(([key, name]) => {
    const scope = scopeOfKey(key);
    return scope && name !== ''
      ? [{ ...scope, file, value: { kind: 'helper', name, isStore: false } }]
      : [];
  });
}

/** An empty entry in docker's config means that the login is in its credential store. */
function entriesOf(file: AuthFile): readonly UserLogin[] {
  return Object.entries(file.auths).flatMap(([key, entry]): readonly UserLogin[] => {
    const scope = scopeOfKey(key);
    if (!scope || !isRecord(entry)) return [];
    if (Object.keys(entry).length > 0) return [{ ...scope, file, value: { kind: 'entry', entry } }];
    const name = file.credsStore;
    return name === undefined
      ? []
      : [{ ...scope, file, value: { kind: 'helper', name, isStore: true } }];
  });
}

/** Returns the entry as `docker login` writes it: an identity token has an empty password. */
export function entryOf(credentials: Credentials): AuthEntry {
  switch (credentials.kind) {
    case 'password':
      return { auth: encodeBasic(credentials.username, credentials.password) };
    case 'identity-token':
      return { auth: encodeBasic('<token>', ''), identitytoken: credentials.token };
    case 'registry-token':
      return { registrytoken: credentials.token };
  }
}
