/**
 * The sources of identities. `auto` selects the first available of the others, in this order; the
 * last two prompt a user, and `auto` does not select them unless `interactive` is set.
 */
export const IDENTITY_PROVIDERS = [
  'auto',
  'github-actions',
  'gitlab-ci',
  'buildkite',
  'circleci',
  'env',
  'kubernetes',
  'file',
  'google-impersonation',
  'google',
  'spiffe',
  'browser',
  'device',
] as const;
export type IdentityProviderName = (typeof IDENTITY_PROVIDERS)[number];

/** The providers that prompt a user. */
export const INTERACTIVE_PROVIDERS = ['browser', 'device'] as const;
export type InteractiveProviderName = (typeof INTERACTIVE_PROVIDERS)[number];

/** How a keyless signer gets its identity. The token itself is never an input: inputs are stored. */
export interface KeylessConfig {
  /** Default: `auto`. */
  readonly provider?: IdentityProviderName | undefined;
  /** Path of a file with the token. Default for `file` and `kubernetes`: `/var/run/sigstore/cosign/oidc-token`. */
  readonly tokenFile?: string | undefined;
  /** Name of an environment variable with the token. Default for `env` and `gitlab-ci`: `SIGSTORE_ID_TOKEN`. */
  readonly tokenEnv?: string | undefined;
  /** The audience that tokens must have. Default: `sigstore`. */
  readonly clientId?: string | undefined;
  /**
   * The required issuer of the token; for `browser` and `device` also where to sign in. Default: any
   * issuer, and the public instance's `https://oauth2.sigstore.dev/auth` to sign in.
   */
  readonly issuer?: string | undefined;
  /** How to sign in if `auto` finds no token and the run is not in CI. Default: no sign-in. */
  readonly interactive?: InteractiveProviderName | undefined;
}

/** The providers that read `tokenFile`, and those that read `tokenEnv`. */
export const FILE_PROVIDERS: readonly IdentityProviderName[] = ['auto', 'file', 'kubernetes'];
export const VARIABLE_PROVIDERS: readonly IdentityProviderName[] = ['auto', 'env', 'gitlab-ci'];
