export { type BaseImage, type ImageSettings, pushBaseImage } from './base-image';
export { type BuildkitOptions, startBuildkit } from './buildkit-daemon';
export { startContainers } from './containers';
export {
  type DebianRegistry,
  type DebianRegistryOptions,
  startDebianRegistry,
} from './debian-registry';
export { type DockerOptions, startDocker } from './docker-daemon';
export { startModernDocker } from './modern-docker';
export { cosignTool } from './tools';
export { type Engine, type EngineOptions } from './engine';
