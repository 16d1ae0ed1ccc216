export { type SigningHost, processHost } from './host';
export {
  DEFAULT_AUDIENCE,
  IDENTITY_PROVIDERS,
  type IdentityClaims,
  type IdentityProvider,
  type IdentityProviderName,
  type IdentityToken,
  type KeylessConfig,
  parseIdentityToken,
  resolveIdentityProvider,
  type TokenExpectation,
} from './identity';
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
  type KeyPlace,
  keyPlaceOf,
  type KeySource,
  loadKeySigner,
  loadPublicKey,
  parseEncryptedKey,
  SCRYPT_COSTS,
  type ScryptCost,
} from './key';
export type { KeySigner, SignerDescription, SigningMaterial, SigningWitness } from './material';
export {
  type KeyAlgorithm,
  keyAlgorithmOf,
  keyHintOf,
  type PublicKey,
  publicKeyOf,
} from './public-key';
export type {
  LogEntry,
  Progress,
  Purpose,
  SettledSignature,
  SignatureFormat,
  SigningObserver,
  SignImage,
  SignImageRequest,
  SigningTarget,
  StoredFormat,
  StoredSignature,
} from './request';
export type { CheckFresh, FindSignature, WantedSignature } from './reuse';
export { signImage, type SigningDependencies, storedFormats } from './signing';
export {
  type SigningConfig,
  signingConfigProblems,
  type SigningServices,
  signingServices,
  type SigstoreConfig,
  TRANSPARENCY_MODES,
  type TransparencyMode,
  type UnknownProperties,
} from './signing-config';
export {
  createSigningMaterial,
  type SigningMaterialOptions,
  validateSigningConfig,
} from './signing-material';
export {
  type CertificateIdentity,
  certificateIdentity,
  createDsseBundleBuilder,
  createKeylessSigner,
  createWitnesses,
  type DsseBundleOptions,
  type KeylessSigner,
  type KeylessSignerOptions,
  loadTrustedRoot,
  parseTrustedRoot,
  PUBLIC_FULCIO_URL,
  PUBLIC_REKOR_URL,
  type ServiceCallOptions,
  TRUSTED_ROOT_MEDIA_TYPE,
  type TrustedRootHost,
  type WitnessOptions,
} from './sigstore';
