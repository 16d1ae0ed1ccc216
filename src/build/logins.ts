import { type AuthFile, isRecord } from '../oci/auth-file';
import type { Credentials } from '../oci/credentials';
import { scopeOfKey } from '../oci/docker-config';
import { encodeBasic } from './redaction';

/** An entry of `auths`, as docker and the containers tools write it. */
export type AuthEntry = Readonly<Record<string, unknown>>;

/** One login that a file of the user has. */
export interface UserLogin {
  readonly registry: string;
  /** The namespace below the registry that it is for; empty for all of it. */
  readonly path: string;
  readonly file: AuthFile;
  readonly value:
    | { readonly kind: 'entry'; readonly entry: AuthEntry }
    /** `isStore`: the helper for all registries without one of their own. */
    | { readonly kind: 'helper'; readonly name: string; readonly isStore: boolean };
}

/**
 * The logins of all files, of which each would be found by searching them in turn: what a stronger
 * file has for a registry hides what the weaker ones have for it.
 *
 * @param files the strongest first
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

/** An empty entry is how docker notes a login that its store has. */
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

/** As `docker login` writes it: an identity token stands beside an empty password. */
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
