import type { SigningHost } from '../host';
import { SignedImageError } from '../../error';
import { type IdentityToken, parseIdentityToken } from './identity-token';

/** Where identity tokens come from; `getToken` is what `@sigstore/sign` asks for. */
export interface IdentityProvider {
  /** In words that may be shown. */
  readonly name: string;
  /** Whether asking costs nothing and leaves no trace, so that a preview may do it. */
  readonly local: boolean;
  readonly getToken: () => Promise<string>;
  /** The same token, read. */
  readonly getIdentityToken: () => Promise<IdentityToken>;
}

/** One place that tokens come from, before anything is checked or kept. */
export interface TokenSource {
  readonly name: string;
  readonly local: boolean;
  /** The declared property that chose it; errors are told on it. */
  readonly property: string;
  readonly read: () => Promise<string>;
}

/** A token this near its end may expire on the way to Fulcio. */
const RENEW_BEFORE_SECONDS = 60;

export interface ProviderOptions {
  readonly audience: string;
  readonly now: SigningHost['now'];
}

async function readToken(source: TokenSource, options: ProviderOptions): Promise<IdentityToken> {
  const raw = await source.read();
  try {
    return parseIdentityToken(raw, options);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    throw new SignedImageError({
      code: error.code,
      message: `${source.name}: ${error.message}`,
      property: source.property,
    });
  }
}

/** Asks the source once per run, and again only when the token is about to expire. */
export function createIdentityProvider(
  source: TokenSource,
  options: ProviderOptions,
): IdentityProvider {
  let current: Promise<IdentityToken> | undefined;

  const isFresh = ({ claims }: IdentityToken) =>
    claims.exp - RENEW_BEFORE_SECONDS > options.now().getTime() / 1000;

  const ask = (): Promise<IdentityToken> => {
    const asked = readToken(source, options);
    current = asked;
    asked.catch(() => {
      if (current === asked) current = undefined;
    });
    return asked;
  };

  const getIdentityToken = async (): Promise<IdentityToken> => {
    const known = current;
    if (known === undefined) return ask();
    const token = await known;
    if (isFresh(token)) return token;
    // Somebody else may have asked again in the meantime.
    return current === known || current === undefined ? ask() : current;
  };

  return {
    name: source.name,
    local: source.local,
    getIdentityToken,
    getToken: async () => (await getIdentityToken()).raw,
  };
}
