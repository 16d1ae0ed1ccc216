import type { Repository } from './reference';

/** What opens a registry, and where it was found (for messages; the secret never is in them). */
export type Credentials =
  | {
      readonly kind: 'password';
      readonly username: string;
      readonly password: string;
      readonly source: string;
    }
  /** An OAuth2 refresh token, as `docker login` stores it for registries that give one. */
  | { readonly kind: 'identity-token'; readonly token: string; readonly source: string }
  /** A bearer token for the registry itself. */
  | { readonly kind: 'registry-token'; readonly token: string; readonly source: string };

/**
 * Finds the credentials for a repository; `undefined`: there are none, go on anonymously. `anew`:
 * those that were found before were refused, and may have ended.
 */
export type CredentialSource = (
  repository: Repository,
  options?: { readonly anew?: boolean },
) => Promise<Credentials | undefined>;

/** Whether they would be refused just as well. */
export function isSame(one: Credentials | undefined, other: Credentials | undefined): boolean {
  if (!one || !other) return one === other;
  if (one.kind === 'password' && other.kind === 'password')
    return one.username === other.username && one.password === other.password;
  if (one.kind === 'password' || other.kind === 'password') return false;
  return one.kind === other.kind && one.token === other.token;
}

/** The strings that must never be seen. */
export function secretsOf(credentials: Credentials): readonly string[] {
  if (credentials.kind !== 'password') return [credentials.token];
  return [credentials.password, encodeBasic(credentials)];
}

export function encodeBasic({
  username,
  password,
}: {
  readonly username: string;
  readonly password: string;
}): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}
