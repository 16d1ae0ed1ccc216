import { SignedImageError } from '../error';
import type { Host } from '../host/host';
import { type IdentityToken, parseIdentityToken } from './identity-token';

/** Where identity tokens come from; `getToken` is what `@sigstore/sign` asks for. */
export interface IdentityProvider {
  /** In words that may be shown. */
  readonly name: string;
  /** Whether asking costs nothing and leaves no trace, so that a check may do it. */
  readonly local: boolean;
  /** Whether a person is asked: never in a preview. */
  readonly interactive: boolean;
  readonly getToken: () => Promise<string>;
  /** The same token, read. */
  readonly getIdentityToken: () => Promise<IdentityToken>;
  /**
   * The token that was had last, which may have expired since; `undefined` before the first. Nobody
   * is asked: it says whom the source speaks for.
   */
  readonly lastToken?: () => IdentityToken | undefined;
}

/** One place that tokens come from, before anything is checked or kept. */
export interface TokenSource {
  /** In words; two places have two names. */
  readonly name: string;
  readonly local: boolean;
  /** Default: false. */
  readonly interactive?: boolean;
  /** The declared property that chose it; errors are told on it. */
  readonly property: string;
  /** How this source is told the audience. */
  readonly audienceAdvice?: string;
  readonly read: () => Promise<string>;
}

/** A token this near its end may expire on the way to Fulcio. */
const RENEW_BEFORE_SECONDS = 60;
/** Of a token that lives for a minute (Sigstore's browser login), this part may be used. */
const USABLE_PART = 2 / 3;

export interface ProviderOptions {
  readonly audience: string;
  /** Who must have issued the token. Default: anybody. */
  readonly issuer?: string | undefined;
  readonly now: Host['now'];
}

async function readToken(source: TokenSource, options: ProviderOptions): Promise<IdentityToken> {
  const raw = await source.read();
  const { local, audienceAdvice } = source;
  try {
    return parseIdentityToken(raw, { ...options, fresh: !local, audienceAdvice });
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    throw new SignedImageError({
      code: error.code,
      message: `${source.name}: ${error.message}`,
      property: error.property ?? source.property,
    });
  }
}

/** Seconds since 1970 from which on another token is needed. */
function renewalOf({ claims }: IdentityToken, receivedAt: number): number {
  const usable = (claims.exp - receivedAt) * USABLE_PART;
  return Math.max(claims.exp - RENEW_BEFORE_SECONDS, receivedAt + usable);
}

/**
 * Asks the source once per run, and again only when the token is about to expire. A person who did
 * not sign in is not asked again; a service that failed is.
 */
export function createIdentityProvider(
  source: TokenSource,
  options: ProviderOptions,
): IdentityProvider {
  const { name, local, interactive = false } = source;
  const seconds = (): number => options.now().getTime() / 1000;
  let last: IdentityToken | undefined;
  let current: Promise<{ readonly token: IdentityToken; readonly renewal: number }> | undefined;

  const ask = (): NonNullable<typeof current> => {
    const asked = readToken(source, options).then((token) => {
      last = token;
      return { token, renewal: renewalOf(token, seconds()) };
    });
    current = asked;
    asked.catch(() => {
      if (current === asked && !interactive) current = undefined;
    });
    return asked;
  };

  const getIdentityToken = async (): Promise<IdentityToken> => {
    const known = current;
    if (known === undefined) return (await ask()).token;
    const { token, renewal } = await known;
    if (seconds() < renewal) return token;
    // Somebody else may have asked again in the meantime.
    return (await (current === known || current === undefined ? ask() : current)).token;
  };

  return {
    name,
    local,
    interactive,
    getIdentityToken,
    getToken: async () => (await getIdentityToken()).raw,
    lastToken: () => last,
  };
}
