export { type ExpectedIdentity, expectedIdentity } from './provider-resolution';
export type { IdentityProvider } from './identity-provider';
export {
  DEFAULT_AUDIENCE,
  type IdentityToken,
  type TokenExpectation,
  parseIdentityToken,
} from './identity-token';
export { type IdentityClaims } from './certificate-subject';
export {
  FILE_PROVIDERS,
  IDENTITY_PROVIDERS,
  type IdentityProviderName,
  INTERACTIVE_PROVIDERS,
  type InteractiveProviderName,
  type KeylessConfig,
  VARIABLE_PROVIDERS,
} from './keyless-config';
export type { InteractiveLogin } from '../host/interactive-login';
export { isInteractiveProvider, resolveIdentityProvider } from './provider-resolution';
export { createTokenCache, type TokenCache } from './token-cache';
