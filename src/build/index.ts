export { resolveBases, type ResolveBasesOptions, type ResolvedBases } from './fingerprint';
export { buildahBuilder } from './buildah';
export {
  type Builder,
  type BuildLog,
  type BuildOptions,
  type BuildRegistryAccess,
  type BuildRequest,
  type BuildResult,
  COMMAND_BUILDERS,
  type CommandBuilderName,
  type SshSource,
} from './builder';
export { buildxBuilder } from './buildx';
export { isOnCommandLine } from './build-arguments';
export { textOfBytes } from './byte-text';
export { type ContextHash, contextHash, namedContextHash } from './context-hash';
export {
  formatContext,
  imagesWithContexts,
  type NamedContexts,
  parseContexts,
} from './named-contexts';
export {
  BUILDER_NAMES,
  type BuilderName,
  buildPaths,
  type DeclaredBuild,
  ignoreConvention,
  networkOf,
  parseSsh,
} from './declared';
export { checkImageResult, type ExpectedImage } from './image-result';
export { setDeclaredTag } from './declared-tag';
export { dockerBuilder } from './docker';
export { type BaseImages, baseImages, type DockerfileBuild } from './dockerfile';
export {
  type BuildFingerprint,
  buildFingerprint,
  type BuildInputs,
  changesBetween,
  UNKNOWN_BASE,
} from './fingerprint';
export { contextIgnoreFile, ignoreFileOf, readIgnoreRules } from './ignore-file';
export { podmanBuilder } from './podman';
export { createBuilder, selectBuilder } from './select';
export type { BuilderDeps } from './session';
export { validateBuild } from './validate';
