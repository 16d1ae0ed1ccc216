export {
  type CertificateClaims,
  CLAIM_NAMES,
  type ClaimName,
  readClaim,
} from './certificate-claims';
export { IdentityMatcher, type ReadClaim } from './identity-matcher';
export { anchored, compilePattern, literalPattern } from './identity-pattern';
export { claimEntries, identityProblems, type IsGiven } from './trusted-identity';
export { createFreshCheck, policyForSigner } from './signer-trust';
export {
  manifestsToSign,
  readImageManifests,
  type ManifestGap,
  type SignableManifest,
} from './image-manifests';
export { inspectImage, type KnownManifest, unmetParts } from './inspection';
export type {
  ProvenanceExpectation,
  Transparency,
  TrustedIdentity,
  VerificationPolicy,
} from './policy';
export type { TrustPolicy } from './trust-policy';
export { type Condition, compileCondition } from './requirement/condition';
export type { Requirement } from './requirement/requirement';
export type {
  EvidenceReport,
  InspectImage,
  ManifestReport,
  PartReport,
  PartStatus,
  RequirementReport,
  VerificationReport,
  VerifiedImageReference,
  VerifyImage,
} from './report';
export { createSignatureFinder } from './signature-finder';
export type { ReusePolicy } from './signer-trust';
export { outsideWindows, parseWindowTime, type TrustedKey } from './trusted-key';
export {
  type FoundSignature,
  listSignatures,
  type StoredSignatures,
  type UnreadableSignature,
} from './stored-signatures';
export { unmetLines, verifyImage } from './verification';
export {
  listVerifiedSignatures,
  type SignatureEvidence,
  type StoredEvidence,
} from './verified-signatures';
