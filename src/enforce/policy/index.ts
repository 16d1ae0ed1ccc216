export type { ImagePolicy } from './image-policy';
export { signedImagePolicies } from './policies';
