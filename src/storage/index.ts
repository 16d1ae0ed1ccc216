export { mapBounded } from './bounded';
export { type BundleToStore, readBundles, writeBundle } from './bundle-format';
export { completeBundle, toBundleJson } from './bundle-json';
export { BUNDLE_MEDIA_TYPE, encodeBundleManifest } from './bundle-manifest';
export type { Candidate, Findings, Unread, Unusable } from './candidate';
export {
  type LayersToMerge,
  type LayerToStore,
  legacyTag,
  mergeLegacyTag,
  readLayers,
  writeLayer,
} from './legacy-format';
export { ENVELOPE_MEDIA_TYPE, SIMPLE_SIGNING_MEDIA_TYPE } from './legacy-layer';
export {
  encodeSimpleSigning,
  parseSimpleSigning,
  SIMPLE_SIGNING_TYPE,
  type SimpleSigning,
} from './legacy-payload';
export { removeSignature, type SignatureRemoval, type SignatureToRemove } from './removal';
export { certificateDer, certificatePem } from '../host/pem-text';
export { leafCertificate, logEntriesOf, storedSignature } from './signature';
export { claimedSigningTime, EnvelopeTimestamp, Timestamp } from '../sigstore/timestamp';
