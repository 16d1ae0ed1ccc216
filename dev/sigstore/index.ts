export type { FulcioSettings } from './fulcio';
export {
  type Fault,
  type FaultAction,
  type Handler,
  type HttpService,
  json,
  type RecordedRequest,
  type ServiceAnswer,
  type ServiceName,
  type ServiceRequest,
  startHttpService,
} from './http-service';
export type { Claims } from './json-web-token';
export {
  type RunningSigstore,
  type SigstoreOptions,
  type SigstoreSettings,
  startSigstore,
} from './local-sigstore';
export type { Decision, LoginSettings } from './oidc-login';
export { ACTIONS_CLAIMS, GITHUB_ISSUER, type OidcIssuer, type TokenRequest } from './oidc-issuer';
export type { RekorSettings } from './rekor';
export { canonicalEntry, type CanonicalEntry } from './rekor-entry';
export type { TimestampSettings } from './timestamp-authority';
export type { LoggedEntry } from './transparency-log';
export type { SigningConfigJson, TrustedRootJson, Witnesses } from './trust-material';
