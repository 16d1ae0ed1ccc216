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

/** Finds the credentials of a registry; `undefined`: there are none, go on anonymously. */
export type CredentialSource = (registry: string) => Promise<Credentials | undefined>;

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
