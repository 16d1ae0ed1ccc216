export type {
  GeneratedKey,
  KeyGenerationRequest,
  KeyHost,
  KeyPlace,
  KeySource,
  PrivateKeyText,
  ServiceKey,
  ServiceKeyPlace,
  SignedMessage,
  StoredKeyPlace,
} from './key-place';
export { environmentPlace, filePlace, pemTextPlace } from './stored-pem';
