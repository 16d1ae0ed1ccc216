export { SignedImage } from './signed-image';
export type {
  BuildArgs,
  IdentityArgs,
  KeyArgs,
  KeylessArgs,
  ProvenanceArgs,
  RegistryArgs,
  SignedImageArgs,
  SigstoreArgs,
  SourceArgs,
  TrustedKeyArgs,
  VerifyArgs,
} from './args';
export {
  Builder,
  BuildNetwork,
  Deletion,
  IdentityProvider,
  InteractiveLogin,
  RequiredFormat,
  RequiredTransparency,
  SignatureFormat,
  SignaturePurpose,
  SignerKind,
  StorageFormat,
  Transparency,
} from './enums';
