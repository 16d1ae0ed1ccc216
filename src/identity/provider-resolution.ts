import { SignedImageError } from '../error';
import { AMBIENT_SOURCES, type AmbientSource, type SourceContext } from './ambient-sources';
import { stableSubject } from './certificate-subject';
import {
  type IdentityProvider,
  type TokenSource,
  createIdentityProvider,
} from './identity-provider';
import { DEFAULT_AUDIENCE } from './identity-token';
import type { InteractiveProviderName, KeylessConfig } from './keyless-config';
import { PUBLIC_ISSUER } from './login/issuer';
import { deviceLogin } from './login/device';
import { browserLogin } from './login/browser';
import type { IdentityHost } from './token-cache';

function adviceFor({ env }: IdentityHost): string {
  if (env['GITHUB_ACTIONS'] === 'true') {
    return 'in GitHub Actions, give the job `permissions: id-token: write`';
  }
  if (env['GITLAB_CI'] === 'true') {
    return 'in GitLab CI, give the job `id_tokens: { SIGSTORE_ID_TOKEN: { aud: sigstore } }`';
  }
  return (
    'set keyless.tokenFile or keyless.tokenEnv, sign in with keyless.provider "browser" or "device", ' +
    'or sign with a key'
  );
}

function nothingFound(host: IdentityHost): SignedImageError {
  const tried = AMBIENT_SOURCES.map(({ absent }) => absent).filter((absent) => absent !== '');
  return new SignedImageError({
    code: 'IDENTITY_UNAVAILABLE',
    property: 'keyless',
    message: `no identity token was found. Tried: ${tried.join(', ')}. Remedy: ${adviceFor(host)}`,
  });
}

function sourceByName(name: AmbientSource['name'], context: SourceContext): TokenSource {
  const found = AMBIENT_SOURCES.find((ambient) => ambient.name === name);
  if (found) return found.source(context);
  throw new SignedImageError({ code: 'INTERNAL', message: `no identity provider ${name}` });
}

async function detectSource(context: SourceContext): Promise<TokenSource> {
  const { config, host } = context;
  if (config.tokenFile !== undefined) return sourceByName('file', context);
  if (config.tokenEnv !== undefined) return sourceByName('env', context);
  for (const ambient of AMBIENT_SOURCES) {
    if (await ambient.isAvailable(host)) return ambient.source(context);
  }
  const isInCi = Boolean(host.env['CI']) && host.env['CI'] !== 'false';
  if (config.interactive === undefined || isInCi) throw nothingFound(host);
  return loginSource(config.interactive, { ...context, property: 'keyless.interactive' });
}

async function chooseSource(context: Omit<SourceContext, 'property'>): Promise<TokenSource> {
  const { provider = 'auto' } = context.config;
  if (provider === 'auto') return detectSource({ ...context, property: 'keyless' });
  const selected = { ...context, property: 'keyless.provider' };
  return provider === 'browser' || provider === 'device'
    ? loginSource(provider, selected)
    : sourceByName(provider, selected);
}

/**
 * Selects the source of identity tokens: the configured one, else the first available of
 * `AMBIENT_SOURCES`, else a sign-in if `interactive` is set and the run is not in CI. No token is
 * requested yet.
 *
 * @throws SignedImageError `IDENTITY_UNAVAILABLE` on `keyless` if no source is configured and none
 *   is available; a configured source that is not available fails when its token is read
 */
export async function resolveIdentityProvider(
  config: KeylessConfig,
  host: IdentityHost,
): Promise<IdentityProvider> {
  const { clientId: audience = DEFAULT_AUDIENCE, issuer } = config;
  const source = await chooseSource({ config, audience, host });
  const create = (): IdentityProvider =>
    createIdentityProvider(withProperty(source), { audience, issuer, now: host.now });
  // A stored token costs nothing to read, and may have been renewed.
  if (source.local || host.tokens === undefined) return create();
  // Separate entries: a sign-in that failed because no user was present may succeed with one.
  const loginMode =
    source.interactive === true && host.interactiveLogin !== undefined ? 'interactive' : undefined;
  return host.tokens.provider([source.name, audience, issuer, loginMode], create);
}

/** Reports the errors of a source on the property that selected it. */
function withProperty(source: TokenSource): TokenSource {
  return {
    ...source,
    read: async () => {
      try {
        return await source.read();
      } catch (error) {
        throw error instanceof SignedImageError ? error.on(source.property) : error;
      }
    },
  };
}

/** Whether signing would prompt a user: a preview then does not report the signer. */
export async function isInteractiveProvider(
  config: KeylessConfig,
  host: IdentityHost,
): Promise<boolean> {
  return (await resolveIdentityProvider(config, host)).interactive;
}

/** The expected signer, without the parts that differ from run to run. */
export interface ExpectedIdentity {
  readonly issuer: string;
  /** Without the branch; absent if it may differ from run to run. */
  readonly identity?: string;
}

/** Reads the expected signer from a stored token, without sending a request. */
export async function expectedIdentity(
  config: KeylessConfig,
  host: IdentityHost,
): Promise<ExpectedIdentity | undefined> {
  try {
    const provider = await resolveIdentityProvider(config, host);
    if (!provider.local) return undefined;
    const { issuer, claims } = await provider.getIdentityToken();
    const identity = stableSubject(claims);
    return { issuer, ...(identity !== undefined && { identity }) };
  } catch {
    // The check of the inputs reports the error.
    return undefined;
  }
}

const LOGINS = { browser: browserLogin, device: deviceLogin } as const;

/** Prompts the user to sign in; fails if no user is present. */
function loginSource(
  provider: InteractiveProviderName,
  { config: { issuer = PUBLIC_ISSUER }, audience, host, property }: SourceContext,
): TokenSource {
  return {
    name: `the sign-in at ${issuer}`,
    local: false,
    interactive: true,
    property,
    read: async () => {
      const { interactiveLogin } = host;
      if (interactiveLogin === undefined) {
        throw new SignedImageError({
          code: 'IDENTITY_UNAVAILABLE',
          property,
          message: `signing in at ${issuer} is not possible here: users are prompted only in an update`,
        });
      }
      try {
        return await LOGINS[provider]({ issuer, clientId: audience, interactiveLogin });
      } catch (error) {
        throw error instanceof SignedImageError ? error.on(property) : error;
      }
    },
  };
}
