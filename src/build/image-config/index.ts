export { type BuiltConfig, parseInspect } from './built-config';
export { type ImageConfig, parseImageConfig } from './registry-config';
export { configDifference } from './config-difference';
export { isSamePlatform, platformDifference, withDefaultVariant } from './config-difference';
export { stageChain } from './stage-chain';
export {
  type DockerfileReading,
  unsupportedByClassicDocker,
  unsupportedByImagebuilder,
} from './unsupported-syntax';
