import { SignedImageError } from '../../error';
import type { SigningHost } from '../host';
import {
  GITHUB_TOKEN_VARIABLE,
  GITHUB_URL_VARIABLE,
  githubActionsSource,
  hasGithubActionsCredential,
} from './github-actions';
import {
  type IdentityProvider,
  type TokenSource,
  createIdentityProvider,
} from './identity-provider';
import { DEFAULT_AUDIENCE } from './identity-token';
import {
  COSIGN_TOKEN_FILE,
  SIGSTORE_TOKEN_VARIABLE,
  environmentTokenSource,
  fileTokenSource,
} from './stored-token';

/** `auto`: the first of the others that is there. */
export const IDENTITY_PROVIDERS = ['auto', 'github-actions', 'file', 'env'] as const;
export type IdentityProviderName = (typeof IDENTITY_PROVIDERS)[number];

/** How a keyless signer gets its identity. The token itself is never an input: inputs are stored. */
export interface KeylessConfig {
  /** Default: `auto`. */
  readonly provider?: IdentityProviderName | undefined;
  /** Path of a file with the token. Default for `file`: `/var/run/sigstore/cosign/oidc-token`. */
  readonly tokenFile?: string | undefined;
  /** Name of an environment variable with the token. Default for `env`: `SIGSTORE_ID_TOKEN`. */
  readonly tokenEnv?: string | undefined;
  /** The audience that tokens must have. Default: `sigstore`. */
  readonly clientId?: string | undefined;
}

function fileSource({ tokenFile }: KeylessConfig, host: SigningHost): TokenSource {
  return tokenFile === undefined
    ? fileTokenSource(COSIGN_TOKEN_FILE, 'keyless.provider', host)
    : fileTokenSource(tokenFile, 'keyless.tokenFile', host);
}

function environmentSource({ tokenEnv }: KeylessConfig, host: SigningHost): TokenSource {
  return tokenEnv === undefined
    ? environmentTokenSource(SIGSTORE_TOKEN_VARIABLE, 'keyless.provider', host)
    : environmentTokenSource(tokenEnv, 'keyless.tokenEnv', host);
}

async function isReadable(path: string, { readFile }: SigningHost): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}

function nothingFound({ env }: SigningHost): SignedImageError {
  const hint =
    env['GITHUB_ACTIONS'] === 'true'
      ? 'in GitHub Actions, give the job `permissions: id-token: write`'
      : 'set keyless.tokenFile or keyless.tokenEnv, or sign with a key';
  return new SignedImageError({
    code: 'IDENTITY_UNAVAILABLE',
    property: 'keyless',
    message:
      'no identity token was found. Tried: ' +
      `GitHub Actions (${GITHUB_URL_VARIABLE} and ${GITHUB_TOKEN_VARIABLE} are not both set), ` +
      `${SIGSTORE_TOKEN_VARIABLE} (not set), ${COSIGN_TOKEN_FILE} (cannot be read). What to do: ${hint}`,
  });
}

async function detectSource(
  config: KeylessConfig,
  audience: string,
  host: SigningHost,
): Promise<TokenSource> {
  if (config.tokenFile !== undefined) return fileSource(config, host);
  if (config.tokenEnv !== undefined) return environmentSource(config, host);
  if (hasGithubActionsCredential(host)) return githubActionsSource(host, audience);
  if (host.env[SIGSTORE_TOKEN_VARIABLE]) {
    return environmentTokenSource(SIGSTORE_TOKEN_VARIABLE, 'keyless', host);
  }
  if (await isReadable(COSIGN_TOKEN_FILE, host))
    return fileTokenSource(COSIGN_TOKEN_FILE, 'keyless', host);
  throw nothingFound(host);
}

async function chooseSource(
  config: KeylessConfig,
  audience: string,
  host: SigningHost,
): Promise<TokenSource> {
  switch (config.provider ?? 'auto') {
    case 'github-actions':
      return githubActionsSource(host, audience);
    case 'file':
      return fileSource(config, host);
    case 'env':
      return environmentSource(config, host);
    case 'auto':
      return detectSource(config, audience, host);
  }
}

/**
 * Finds where identity tokens come from: what was named, else GitHub Actions' ambient credential,
 * else `SIGSTORE_ID_TOKEN`, else cosign's token file.
 *
 * @throws SignedImageError `IDENTITY_UNAVAILABLE` on `keyless` where nothing was named and nothing
 *   found; a named source that is not there fails when it is asked
 */
export async function resolveIdentityProvider(
  config: KeylessConfig,
  host: SigningHost,
): Promise<IdentityProvider> {
  const audience = config.clientId ?? DEFAULT_AUDIENCE;
  const source = await chooseSource(config, audience, host);
  return createIdentityProvider(source, { audience, now: host.now });
}
