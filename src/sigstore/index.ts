export {
  type CertificateCache,
  type CertificateClocks,
  createCertificateCache,
} from './certificate-cache';
export { type CertificateIdentity, certificateIdentity } from './certificate-identity';
export { type DsseBundleOptions, createDsseBundleBuilder } from './dsse-bundle';
export {
  type KeylessSigner,
  type KeylessSignerOptions,
  createKeylessSigner,
} from './keyless-signer';
export type { CertifiedKey } from './certified-key';
export { PUBLIC_FULCIO_URL, PUBLIC_REKOR_URL } from '../trust/public-trusted-root';
export type { ServiceCallOptions } from '../http/service-call';
export {
  type InstanceTrust,
  type TrustedRootHost,
  loadInstanceRoot,
  loadTrustedRoot,
} from '../trust/trusted-root';
export { TRUSTED_ROOT_MEDIA_TYPE, parseTrustedRoot } from '../trust/trusted-root-json';
export { observedWitness } from './observed-witness';
export {
  type LogService,
  type TimestampService,
  type WitnessOptions,
  createWitnesses,
} from './transparency';
