export { processHost } from '../host/host';
export type { SigningHost } from './signing-host';
export {
  isInteractiveProvider,
  createTokenCache,
  DEFAULT_AUDIENCE,
  type ExpectedIdentity,
  expectedIdentity,
  IDENTITY_PROVIDERS,
  type IdentityClaims,
  type IdentityProvider,
  type IdentityProviderName,
  type IdentityToken,
  INTERACTIVE_PROVIDERS,
  type InteractiveProviderName,
  type KeylessConfig,
  parseIdentityToken,
  type InteractiveLogin,
  resolveIdentityProvider,
  type TokenCache,
  type TokenExpectation,
} from '../identity';
export {
  checkKeyWithoutPassword,
  createKeySigner,
  decryptKey,
  ENCRYPTED_KEY_LABEL,
  type EncryptedKey,
  type EncryptionOptions,
  encryptPrivateKey,
  generateKey,
  type KeyConfig,
  type KeyFiles,
  type KeyGeneration,
  type KeyHost,
  KEY_SOURCES,
  type KeyBackend,
  holdsPin,
  isSecretReference,
  parseKeyReference,
  shownReference,
  type KeySource,
  loadKeySigner,
  loadPublicKey,
  parseEncryptedKey,
  SCRYPT_COSTS,
  type ScryptCost,
} from '../key';
export type { KeySigner, SignerDescription, SigningMaterial, SigningWitness } from '../key/signer';
export {
  type KeyAlgorithm,
  keyAlgorithmOf,
  keyHintOf,
  type PublicKey,
  publicKeyFromPem,
  publicKeyOf,
} from '../key/public-key';
export type {
  Progress,
  SettledSignature,
  SigningObserver,
  SignImage,
  SignImageRequest,
  SigningTarget,
} from './request';
export type {
  LogEntry,
  Purpose,
  SignatureFormat,
  StoredFormat,
  StoredSignature,
} from '../storage/signature';
export type { CheckFresh, FindSignature, WantedSignature } from './reuse';
export { signImage, type SigningDependencies, storedFormats } from './signing';
export {
  type SigningInputs,
  type SigningServices,
  type SigstoreConfig,
  TRANSPARENCY_MODES,
  type TransparencyMode,
  type UnknownProperties,
} from './signing-inputs';
export { type SignedIdentityFault, signedIdentityFault } from './signed-identity';
export { signingInputProblems } from './signing-inputs-check';
export { loadSigningServices } from './signing-services';
export {
  createSigningMaterial,
  type SigningMaterialOptions,
  validateSigningInputs,
} from './signing-material';
export {
  type CertificateCache,
  type CertificateClocks,
  type CertificateIdentity,
  certificateIdentity,
  type CertifiedKey,
  createCertificateCache,
  createDsseBundleBuilder,
  createKeylessSigner,
  createWitnesses,
  type DsseBundleOptions,
  type KeylessSigner,
  type KeylessSignerOptions,
  type InstanceTrust,
  loadInstanceRoot,
  loadTrustedRoot,
  type LogService,
  parseTrustedRoot,
  PUBLIC_FULCIO_URL,
  PUBLIC_REKOR_URL,
  type ServiceCallOptions,
  type TimestampService,
  TRUSTED_ROOT_MEDIA_TYPE,
  type TrustedRootHost,
  type WitnessOptions,
} from '../sigstore';
