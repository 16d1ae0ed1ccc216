/**
 * Sign, attest and verify without Pulumi: `import { signImage, verifyImage } from 'pulumi-signed-image/core'`. The component
 * and the command line use the same functions.
 */
export { attestImage, type AttestImageArgs, type AttestImageResult } from './attest-image';
export {
  copyImage,
  type CopyImageArgs,
  type CopyImageResult,
  type CopyOptions,
} from './copy/copy-image';
export {
  auditLog,
  type CheckpointStore,
  checkpointFile,
  type LogAuditArgs,
  type LogAuditHost,
  type LogAuditOutcome,
  type LogAuditReport,
  type LoggedFinding,
  type LogProgress,
  logOutcomeOf,
} from '../log-audit';
export type { CoreOptions, ImageArgs } from './image';
export { imageTree, type ImageTree, type TreeManifest } from './image-tree';
export type { VerificationPolicyArgs } from './policy-args';
export type { RequirementArgs } from './requirement-args';
export {
  type ImageSignatureResult,
  signImage,
  type SignImageArgs,
  type SignImageResult,
} from './sign-image';
export {
  type InspectImageResult,
  inspectSignatures,
  verifyImage,
  type VerifyImageArgs,
} from './verify-image';
export { ERROR_CODES, type ErrorCode, InvalidInputError, SignedImageError } from '../error';
export { PREDICATE_TYPES, type PredicateTypeName } from '../attest';
export {
  dockerGithubBuilder,
  type DockerGithubBuilderArgs,
  githubActions,
  type GithubActionsArgs,
  type GithubRunnerEnvironment,
  gitlabCi,
  type GitlabCiArgs,
  type PresetIdentity,
  tektonChains,
  type TektonChainsArgs,
  type TektonChainsRequirement,
} from './preset';
