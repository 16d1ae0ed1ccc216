import { SignedImageError } from '../error';
import type { Host } from '../host/host';
import { type IdentityToken, parseIdentityToken } from './identity-token';

/** A provider of identity tokens; `getToken` implements the interface of `@sigstore/sign`. */
export interface IdentityProvider {
  /** For messages; without secrets. */
  readonly name: string;
  /** Whether reading a token sends no request and has no side effects, so that a check may do it. */
  readonly local: boolean;
  /** Whether a user has to sign in: never done in a preview. */
  readonly interactive: boolean;
  readonly getToken: () => Promise<string>;
  /** The same token, parsed. */
  readonly getIdentityToken: () => Promise<IdentityToken>;
  /**
   * Returns the latest token, which may have expired; `undefined` before the first. It sends no
   * request, and identifies the workload or user of the source.
   */
  readonly lastToken?: () => IdentityToken | undefined;
}

/** One source of tokens, without validation and caching. */
export interface TokenSource {
  /** For messages; unique per source. */
  readonly name: string;
  readonly local: boolean;
  /** Default: false. */
  readonly interactive?: boolean;
  /** The input property that selected the source; errors are reported on it. */
  readonly property: string;
  /** How to set the audience of this source. */
  readonly audienceAdvice?: string;
  readonly read: () => Promise<string>;
}

/** A token this close to its expiry may expire before it reaches Fulcio. */
const RENEW_BEFORE_SECONDS = 60;
/** The usable part of the lifetime of short-lived tokens (one minute for Sigstore's browser login). */
const USABLE_FRACTION = 2 / 3;

export interface ProviderOptions {
  readonly audience: string;
  /** The required issuer of the token. Default: any issuer. */
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

/** Returns when a new token is needed, in seconds since 1970. */
function renewalOf({ claims }: IdentityToken, receivedAt: number): number {
  const usable = (claims.exp - receivedAt) * USABLE_FRACTION;
  return Math.max(claims.exp - RENEW_BEFORE_SECONDS, receivedAt + usable);
}

/**
 * Creates a provider that reads the source once per run, and again only when the token is about to
 * expire. After a failed sign-in the user is not prompted again; a failed service is retried.
 */
export function createIdentityProvider(
  source: TokenSource,
  options: ProviderOptions,
): IdentityProvider {
  const { name, local, interactive = false } = source;
  const seconds = (): number => options.now().getTime() / 1000;
  let last: IdentityToken | undefined;
  let current: Promise<{ readonly token: IdentityToken; readonly renewal: number }> | undefined;

  const readAgain = (): NonNullable<typeof current> => {
    const pending = readToken(source, options).then((token) => {
      last = token;
      return { token, renewal: renewalOf(token, seconds()) };
    });
    current = pending;
    pending.catch(() => {
      if (current === pending && !interactive) current = undefined;
    });
    return pending;
  };

  const getIdentityToken = async (): Promise<IdentityToken> => {
    const known = current;
    if (known === undefined) return (await readAgain()).token;
    const { token, renewal } = await known;
    if (seconds() < renewal) return token;
    // A concurrent caller may have started another read in the meantime.
    return (await (current === known || current === undefined ? readAgain() : current)).token;
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
