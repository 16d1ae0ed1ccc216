export { isObject, type Properties, UNKNOWN } from './field';
export {
  containerLists,
  type ImageField,
  type WorkloadImages,
  workloadImages,
} from './image-fields';
export { resourceImages, type ResourceImages, type TypedProperties } from './resource-images';
export { isCustomKind } from './kind-token';
export { builtInKinds, type WorkloadKind } from './workload-kinds';
