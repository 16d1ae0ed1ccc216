import type { Repository } from './reference';

/** Registry credentials and their source (for messages, which never contain the secret). */
export type Credentials =
  | {
      readonly kind: 'password';
      readonly username: string;
      readonly password: string;
      readonly source: string;
    }
  /** An OAuth2 refresh token, as `docker login` stores it for registries that issue one. */
  | { readonly kind: 'identity-token'; readonly token: string; readonly source: string }
  /** A bearer token for the registry itself. */
  | { readonly kind: 'registry-token'; readonly token: string; readonly source: string };

/**
 * Finds the credentials for a repository; `undefined`: none, continue anonymously. `bypassCache`: the
 * credentials found before were rejected, and may have expired.
 */
export type CredentialSource = (
  repository: Repository,
  options?: { readonly bypassCache?: boolean },
) => Promise<Credentials | undefined>;

/** Whether both credentials are equal, so that the registry would reject both. */
export function isSame(one: Credentials | undefined, other: Credentials | undefined): boolean {
  if (!one || !other) return one === other;
  if (one.kind === 'password' && other.kind === 'password')
    return one.username === other.username && one.password === other.password;
  if (one.kind === 'password' || other.kind === 'password') return false;
  return one.kind === other.kind && one.token === other.token;
}

/** Returns the strings that must be redacted. */
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
