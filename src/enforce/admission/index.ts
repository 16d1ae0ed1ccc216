export { AdmissionPolicy, type AdmissionPolicyArgs } from './admission-policy';
export { type AdmissionExemption, digestPolicyProblems } from './digest-policy';
export {
  digestPolicy,
  type DigestPolicyArgs,
  type FluxManifests,
  fluxVerification,
  type FluxVerificationArgs,
  type FluxVerify,
  kyvernoClusterPolicy,
  kyvernoPolicy,
  type KyvernoPolicyArgs,
  type KyvernoTuf,
  type Manifest,
  policyControllerPolicy,
  type PolicyIdentity,
  type PolicyManifests,
  type PolicyProvenance,
  type SignerPolicyArgs,
  yamlOf,
} from './generators';
export {
  FluxVerification,
  type FluxVerificationResourceArgs,
  type KyvernoPolicyResourceArgs,
  KyvernoClusterPolicy,
  KyvernoPolicy,
  PolicyControllerPolicy,
  type SignerPolicyResourceArgs,
} from './signer-policies';
