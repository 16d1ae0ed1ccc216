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
export {
  type KeyConfig,
  checkKeyWithoutPassword,
  loadKeySigner,
  loadPublicKey,
} from './key-loading';
export { type KeyReference, describeKeyReference, parseKeyReference } from './key-reference';
export { createKeySigner } from './key-signer';
export type { KeyHost } from './key-source';
