export {
  annotationsOf,
  signedAnnotations,
  validateAnnotationKeys,
  validateAnnotations,
} from './annotations';
export { claimsHostedBuilder, SELF_REPORTED_SCHEME, selfReportedId } from './builder-id';
export { detectSource, type DetectSourceOptions } from './detect';
export type { BuilderFacts, SourceFacts, SourceOverrides } from './facts';
export type { FilesRead, FolderRead } from './files-read';
export { type GitCommand, type GitOutput, type GitRunner, gitRunner } from './git-runner';
export { validateOverrides } from './overrides';
export { cleanRepositoryUrl } from './repository-url';
export { SourceCache } from './source-cache';
