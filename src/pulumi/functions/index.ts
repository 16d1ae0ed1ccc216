export {
  type ImageArgs,
  type ImageOutputArgs,
  listSignatures,
  listSignaturesOutput,
  resolveImage,
  resolveImageOutput,
  verifyImage,
  type VerifyImageArgs,
  verifyImageOutput,
  type VerifyImageOutputArgs,
} from './functions';
export type {
  FoundSignatureOutput,
  ListSignaturesResult,
  PlatformManifestOutput,
  ResolveImageResult,
  UnreadableSignatureOutput,
  VerifyImageResult,
} from './results';
