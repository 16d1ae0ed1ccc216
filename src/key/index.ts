export {
  ENCRYPTED_KEY_LABEL,
  type EncryptedKey,
  type EncryptionOptions,
  SCRYPT_COSTS,
  type ScryptCost,
  decryptKey,
  encryptPrivateKey,
  parseEncryptedKey,
} from './encrypted-pem';
export { generateKey, type KeyGeneration } from './generation/key-generation';
export { type KeyFiles } from './generation/key-files';
export {
  type KeyConfig,
  checkKeyWithoutPassword,
  loadKeySigner,
  loadPublicKey,
} from './key-loading';
export { parseKeyReference } from './key-reference';
export { createKeySigner } from './key-signer';
export { KEY_SOURCES } from './key-sources';
export { holdsPin, isSecretReference, shownReference } from './shown-reference';
export type {
  GeneratedKey,
  KeyGenerationRequest,
  KeyHost,
  KeyBackend,
  KeySource,
  PrivateKeyText,
  ServiceKey,
  RemoteKey,
  SignedMessage,
  StoredKey,
} from './backend';
