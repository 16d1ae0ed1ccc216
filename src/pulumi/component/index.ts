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
