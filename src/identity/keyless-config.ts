/**
 * Where an identity comes from. `auto`: the first of the others, in this order, that is there; the
 * last two ask a person, and are never chosen by it alone.
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

/** The ways to ask a person. */
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
   * Who must have issued the token; for `browser` and `device` also where to sign in. Default:
   * anybody, and the public instance's `https://oauth2.sigstore.dev/auth`.
   */
  readonly issuer?: string | undefined;
  /** How to ask a person where `auto` finds nothing and the run is not in CI. Default: nobody is asked. */
  readonly interactive?: InteractiveProviderName | undefined;
}

/** The providers that read `tokenFile`, and those that read `tokenEnv`. */
export const FILE_PROVIDERS: readonly IdentityProviderName[] = ['auto', 'file', 'kubernetes'];
export const VARIABLE_PROVIDERS: readonly IdentityProviderName[] = ['auto', 'env', 'gitlab-ci'];
