export { manifestsToSign, type ManifestGap, type SignableManifest } from './image-manifests';
export { inspectImage, unmetParts } from './inspection';
export type {
  ProvenanceExpectation,
  Transparency,
  TrustedIdentity,
  VerificationPolicy,
} from './policy';
export type {
  InspectImage,
  ManifestReport,
  PartReport,
  PartStatus,
  VerificationReport,
  VerifiedImageReference,
  VerifyImage,
} from './report';
export { createSignatureFinder, type ReusePolicy } from './signature-finder';
export { verifyImage } from './verification';
