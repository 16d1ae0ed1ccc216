export { ImageBuild, type ImageBuildArgs } from './image-build';
export { ImageSignature, type ImageSignatureArgs } from './image-signature';
export { SigningPlan, type SigningPlanArgs } from './signing-plan';
export {
  VerifiedImage,
  type ProvenanceExpectationArgs,
  type VerifiedImageArgs,
} from './verified-image';
export type {
  BuildSummaryOutput,
  LogEntryOutput,
  PushedImageOutput,
  SignerOutput,
  SourceFactsOutput,
  StoredSignatureOutput,
  WrittenSignatureOutput,
} from './signature-outputs';
export { Provider, type ProviderArgs, type ProviderRegistryArgs, type TrustArgs } from './provider';
