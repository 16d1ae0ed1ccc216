import type { Host } from '../host/host';
import type { HttpHost } from '../http/message';
import type { IdentityProvider } from './identity-provider';

/** The host and the caches that identity providers use. */
export interface IdentityHost extends Host, Pick<HttpHost, 'send'> {
  /** The identity tokens of this run. Default: each signer requests its own. */
  readonly tokens?: TokenCache | undefined;
}

/**
 * The tokens of one run: signers with the same source and audience share one token. They are kept in
 * memory only.
 */
export interface TokenCache {
  provider(key: readonly (string | undefined)[], create: () => IdentityProvider): IdentityProvider;
}

export function createTokenCache(): TokenCache {
  const providers = new Map<string, IdentityProvider>();
  return {
    provider(parts, create) {
      const key = JSON.stringify(parts);
      const known = providers.get(key);
      if (known) return known;
      const created = create();
      providers.set(key, created);
      return created;
    },
  };
}
