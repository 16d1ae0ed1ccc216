export type { IdentityProvider } from './identity-provider';
export {
  DEFAULT_AUDIENCE,
  type IdentityClaims,
  type IdentityToken,
  type TokenExpectation,
  parseIdentityToken,
} from './identity-token';
export {
  IDENTITY_PROVIDERS,
  type IdentityProviderName,
  type KeylessConfig,
  resolveIdentityProvider,
} from './provider-resolution';
