export {
  type AdmissionExemption,
  AdmissionPolicy,
  type AdmissionPolicyArgs,
  digestPolicy,
  type DigestPolicyArgs,
  type FluxManifests,
  FluxVerification,
  fluxVerification,
  type FluxVerificationArgs,
  type FluxVerificationResourceArgs,
  type KyvernoPolicyArgs,
  type KyvernoPolicyResourceArgs,
  type KyvernoTuf,
  type FluxVerify,
  KyvernoClusterPolicy,
  kyvernoClusterPolicy,
  KyvernoPolicy,
  kyvernoPolicy,
  type Manifest,
  PolicyControllerPolicy,
  policyControllerPolicy,
  type PolicyClaims,
  type PolicyIdentity,
  type PolicyManifests,
  type PolicyProvenance,
  type SignerPolicyArgs,
  type SignerPolicyResourceArgs,
  yamlOf,
} from './admission';
export type { ExemptionArgs } from './program/exemption';
export { requireVerifiedImages } from './program/require-verified-images';
export type { VerifiedImagesArgs } from './program/requirement';
export {
  type Verified,
  verifiedContainer,
  verifiedPodSpec,
  type WithoutImage,
} from './program/verified-container';
export type { WorkloadKind } from './workload';
