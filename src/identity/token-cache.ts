import type { Host } from '../host/host';
import type { HttpHost } from '../http/message';
import type { IdentityProvider } from './identity-provider';

/** The parts of the machine and the caches that identity providers use. */
export interface IdentityHost extends Host, Pick<HttpHost, 'send'> {
  /** The identity tokens of this run. Default: each signer requests its own. */
  readonly tokens?: TokenCache | undefined;
}

/**
 * The tokens of one run: what signs for the same audience with the same source shares one token.
 * They are kept in memory only.
 */
export interface TokenCache {
  provider(key: readonly (string | undefined)[], make: () => IdentityProvider): IdentityProvider;
}

export function createTokenCache(): TokenCache {
  const providers = new Map<string, IdentityProvider>();
  return {
    provider(parts, make) {
      const key = JSON.stringify(parts);
      const known = providers.get(key);
      if (known) return known;
      const made = make();
      providers.set(key, made);
      return made;
    },
  };
}
