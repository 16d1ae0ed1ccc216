export {
  type AdmissionExemption,
  AdmissionPolicy,
  type AdmissionPolicyArgs,
  digestPolicy,
  type DigestPolicyArgs,
  type ExemptionArgs,
  type Manifest,
  requireVerifiedImages,
  type Verified,
  verifiedContainer,
  type VerifiedImagesArgs,
  verifiedPodSpec,
  type WithoutImage,
  type WorkloadKind,
} from './enforce';
export { ERROR_CODES, type ErrorCode, SignedImageError } from './error';
export {
  type BuildArgs,
  type IdentityArgs,
  type KeyArgs,
  type KeylessArgs,
  type ProvenanceArgs,
  type RegistryArgs,
  SignedImage,
  type SignedImageArgs,
  type SigstoreArgs,
  type SourceArgs,
  type TrustedKeyArgs,
  type VerifyArgs,
} from './pulumi/component';
export {
  type LogEntryOutput,
  type ProvenanceExpectationArgs,
  type SignerOutput,
  VerifiedImage,
  type VerifiedImageArgs,
} from './pulumi/resources';
export type { VerifiedImageReference } from './verify';
