import { SignedImageError } from '../error';
import { AMBIENT_SOURCES, type AmbientSource, type SourceContext } from './ambient-sources';
import { lastingSubject } from './certificate-subject';
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
    message: `no identity token was found. Tried: ${tried.join(', ')}. What to do: ${adviceFor(host)}`,
  });
}

function named(name: AmbientSource['name'], context: SourceContext): TokenSource {
  const found = AMBIENT_SOURCES.find((ambient) => ambient.name === name);
  if (found) return found.source(context);
  throw new SignedImageError({ code: 'INTERNAL', message: `no identity provider ${name}` });
}

async function detectSource(context: SourceContext): Promise<TokenSource> {
  const { config, host } = context;
  if (config.tokenFile !== undefined) return named('file', context);
  if (config.tokenEnv !== undefined) return named('env', context);
  for (const ambient of AMBIENT_SOURCES) {
    if (await ambient.isThere(host)) return ambient.source(context);
  }
  const isInCi = Boolean(host.env['CI']) && host.env['CI'] !== 'false';
  if (config.interactive === undefined || isInCi) throw nothingFound(host);
  return loginSource(config.interactive, { ...context, property: 'keyless.interactive' });
}

async function chooseSource(context: Omit<SourceContext, 'property'>): Promise<TokenSource> {
  const { provider = 'auto' } = context.config;
  if (provider === 'auto') return detectSource({ ...context, property: 'keyless' });
  const chosen = { ...context, property: 'keyless.provider' };
  return provider === 'browser' || provider === 'device'
    ? loginSource(provider, chosen)
    : named(provider, chosen);
}

/**
 * Finds where identity tokens come from: what was named, else the first of `AMBIENT_SOURCES` that is
 * there, else a person if `interactive` says how and this is no CI. Nobody is asked yet.
 *
 * @throws SignedImageError `IDENTITY_UNAVAILABLE` on `keyless` where nothing was named and nothing
 *   found; a named source that is not there fails when it is asked
 */
export async function resolveIdentityProvider(
  config: KeylessConfig,
  host: IdentityHost,
): Promise<IdentityProvider> {
  const { clientId: audience = DEFAULT_AUDIENCE, issuer } = config;
  const source = await chooseSource({ config, audience, host });
  const make = (): IdentityProvider =>
    createIdentityProvider(withProperty(source), { audience, issuer, now: host.now });
  // A stored token costs nothing to read, and may have been renewed.
  if (source.local || host.tokens === undefined) return make();
  // What was refused because nobody was there may be asked when somebody is.
  const attended =
    source.interactive === true && host.interactiveLogin !== undefined ? 'attended' : undefined;
  return host.tokens.provider([source.name, audience, issuer, attended], make);
}

/** Errors of a source are told on the property that chose it. */
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

/** Whether signing would ask a person: then nothing is said in a preview about who signs. */
export async function isInteractiveProvider(
  config: KeylessConfig,
  host: IdentityHost,
): Promise<boolean> {
  return (await resolveIdentityProvider(config, host)).interactive;
}

/** Who would sign, without what differs from run to run. */
export interface ExpectedIdentity {
  readonly issuer: string;
  /** Without the branch; absent where it is not known to stay. */
  readonly identity?: string;
}

/** Who would sign, as far as a stored token tells it; nobody is asked. */
export async function expectedIdentity(
  config: KeylessConfig,
  host: IdentityHost,
): Promise<ExpectedIdentity | undefined> {
  try {
    const provider = await resolveIdentityProvider(config, host);
    if (!provider.local) return undefined;
    const { issuer, claims } = await provider.getIdentityToken();
    const identity = lastingSubject(claims);
    return { issuer, ...(identity !== undefined && { identity }) };
  } catch {
    // What is wrong with it is said by the check of the declaration.
    return undefined;
  }
}

const LOGINS = { browser: browserLogin, device: deviceLogin } as const;

/** A person who signs in; asked only where somebody is there to be asked. */
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
          message: `nobody can be asked to sign in at ${issuer} here: that is done in an update only`,
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
