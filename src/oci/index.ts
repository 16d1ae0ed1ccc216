export { MAX_BLOB_BYTES, PART_BYTES } from './blob-store';
export type {
  FetchedManifest,
  PutManifestOptions,
  ReferrersOptions,
  RegistryClient,
  StoredReferrer,
  TaskOptions,
  WritePart,
} from './client';
export { ContentMemory, type ContentMemoryOptions } from './content-memory';
export { type HelperResult, type HelperRunner } from './credential-helper';
export { type Descriptor, formatPlatform, type Platform } from './descriptor';
export { type Digest, digestOf, hexOf, isDigest, parseDigest } from './digest';
export { type DockerConfigAccess, systemDockerConfig } from './docker-config';
export type { DeclaredRegistry } from './endpoint';
export type { Removal } from './client';
export {
  artifactTypeOf,
  type ImageIndex,
  type ImageManifest,
  MAX_MANIFEST_BYTES,
  parseDescriptor,
  parseManifest,
} from './manifest';
export {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  isIndexType,
  MANIFEST_TYPES,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-type';
export {
  formatReference,
  formatRepository,
  isTag,
  parseReference,
  parseTag,
  pinned,
  type Reference,
  type Repository,
  type Tag,
} from './reference';
export { createLayoutClient } from './layout/layout-client';
export {
  BLOB_FOLDER,
  encodeLayoutFile,
  encodeLayoutIndex,
  INDEX_FILE,
  LAYOUT_FILE,
  type LayoutEntry,
} from './layout/layout-index';
export { fallbackTag } from './referrers';
export { createRegistryClient, type RegistryClientOptions } from './registry-client';
export { DEFAULT_BUDGET, type RetryBudget } from '../http/retry';
export { type Clock, SYSTEM_CLOCK } from '../host/clock';
export { withLock } from '../host/lock';
export { isJsonObject, type JsonObject, parseJsonObject } from './strict-json';
