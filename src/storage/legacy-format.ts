import { SignedImageError, messageOf } from '../error';
import type { PutManifestOptions, RegistryClient } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import { type Digest, hexOf } from '../oci/digest';
import { type Repository, type Tag, formatRepository, parseTag } from '../oci/reference';
import { withLock } from '../host/lock';
import { changeTag, type TagContent } from '../oci/shared-tag';
import type { Purpose } from './signature';
import { mapBounded } from './bounded';
import { NOTHING_FOUND, type Finding, type Findings, gatherFindings } from './candidate';
import {
  ENVELOPE_MEDIA_TYPE,
  type LayerAnnotations,
  PREDICATE_TYPE,
  SIMPLE_SIGNING_MEDIA_TYPE,
  bundleOfEnvelope,
  bundleOfPayload,
} from './legacy-layer';
import {
  type LegacyManifest,
  MAX_LAYERS,
  appendLayer,
  encodeLegacyConfig,
  layersWith,
  parseLegacyManifest,
  sameLayer,
  typesOf,
} from './legacy-manifest';
import { findingOfFailure, OVER_BUDGET, pause, withinBudget } from './read-budget';

const MAX_LAYER_BYTES = 16 * 1024 * 1024;
const PARALLEL_READS = 6;

/** `sha256-<hex>.sig` for signatures, `sha256-<hex>.att` for attestations. */
export function legacyTag(subject: Digest, purpose: Purpose): Tag {
  return parseTag(`sha256-${hexOf(subject)}.${purpose === 'signature' ? 'sig' : 'att'}`);
}

export interface LayerToStore {
  readonly repository: Repository;
  /** The manifest that was signed. */
  readonly subject: Digest;
  readonly purpose: Purpose;
  readonly blob: Buffer;
  readonly annotations: LayerAnnotations;
}

/**
 * Adds one signature to the image's tag, and retries until other writers have not removed it.
 *
 * @returns the digest of the layer
 * @throws SignedImageError `REGISTRY_CONFLICT` on `format` if the signature cannot be added
 */
export async function writeLayer(client: RegistryClient, store: LayerToStore): Promise<Digest> {
  const { repository, purpose } = store;
  const tag = legacyTag(store.subject, purpose);
  const mediaType = purpose === 'signature' ? SIMPLE_SIGNING_MEDIA_TYPE : ENVELOPE_MEDIA_TYPE;
  const blob = await client.putBlob(repository, store.blob, mediaType);
  const layer: Descriptor = {
    mediaType,
    digest: blob.digest,
    size: blob.size,
    annotations: store.annotations,
  };
  // A lock orders the writers of this process; conflicts with other processes are resolved by retries.
  await withLock(`${formatRepository(repository)}:${tag}`, () =>
    appendUntilStored(client, repository, tag, layer),
  );
  return layer.digest;
}

export interface LayersToMerge extends Omit<LayerToStore, 'blob' | 'annotations'> {
  /** Layers whose blobs the repository has. */
  readonly layers: readonly Descriptor[];
}

/**
 * Adds signatures that another repository has to the image's tag; those that it lists already remain as they are.
 *
 * @throws SignedImageError `REGISTRY_CONFLICT` on `format` if one cannot be added
 */
export async function mergeLegacyTag(
  client: RegistryClient,
  { repository, subject, purpose, layers }: LayersToMerge,
): Promise<void> {
  const tag = legacyTag(subject, purpose);
  await withLock(`${formatRepository(repository)}:${tag}`, async () => {
    for (const layer of layers) await appendUntilStored(client, repository, tag, layer);
  });
}

async function appendUntilStored(
  client: RegistryClient,
  repository: Repository,
  tag: Tag,
  layer: Descriptor,
): Promise<void> {
  const notAdded = await changeTag<CurrentTag>(
    {
      read: () => readTag(client, repository, tag),
      isSettled: (now) =>
        now?.legacy.manifest.layers.some((existing) => sameLayer(existing, layer)) ?? false,
      write: (current, condition) =>
        putAppended(client, repository, tag, layer, current, condition),
      pause,
    },
    client.traits(repository),
  );
  if (!notAdded) return;
  const { why, cause } = notAdded;
  const detail = cause instanceof SignedImageError ? `: ${cause.message}` : '';
  const reason = {
    immutable: `an existing tag cannot be changed${detail}`,
    stuck: `every write is rejected although the tag does not change${detail}`,
    undone: 'other writers keep overwriting it',
  }[why];
  throw new SignedImageError({
    code: 'REGISTRY_CONFLICT',
    message: `the signature cannot be added to ${formatRepository(repository)}:${tag}: ${reason}. ${await alternative(client, repository, layer.digest)}`,
    property: 'format',
    cause,
  });
}

/** Returns an alternative for the error message; only then a request may be needed to determine it. */
async function alternative(
  client: RegistryClient,
  repository: Repository,
  any: Digest,
): Promise<string> {
  const traits = client.traits(repository);
  const known = traits.has('noReferrersApi');
  if (!known) await client.referrers(repository, any).catch(() => undefined);
  return traits.has('noReferrersApi')
    ? 'Format "bundle" needs such a tag here too, because this registry does not support the referrers API'
    : 'Alternatively use format "bundle", which does not need a shared tag here';
}

export interface CurrentTag extends TagContent {
  readonly legacy: LegacyManifest;
}

export async function readTag(
  client: RegistryClient,
  repository: Repository,
  tag: Tag,
): Promise<CurrentTag | undefined> {
  const fetched = await client.getManifest(repository, tag);
  if (!fetched) return undefined;
  const { bytes, descriptor, etag } = fetched;
  try {
    const legacy = parseLegacyManifest(bytes, descriptor.mediaType);
    return { legacy, digest: descriptor.digest, etag };
  } catch (error) {
    throw new SignedImageError({
      code: 'CONTENT_MALFORMED',
      message: `${formatRepository(repository)}:${tag} does not contain a list of signatures that can be extended; it is left unchanged: ${messageOf(error)}`,
      cause: error,
    });
  }
}

async function putAppended(
  client: RegistryClient,
  repository: Repository,
  tag: Tag,
  layer: Descriptor,
  current: CurrentTag | undefined,
  condition: PutManifestOptions,
): Promise<void> {
  const layers = layersWith(current?.legacy, layer);
  const types = typesOf(current?.legacy);
  const blob = await client.putBlob(repository, encodeLegacyConfig(layers), types.config);
  const bytes = appendLayer(current?.legacy, { ...blob, mediaType: types.config }, layer);
  await replaceTag(client, repository, tag, bytes, current, condition);
}

/** Writes the tag, unless another writer did since `current` was read. */
export async function replaceTag(
  client: RegistryClient,
  repository: Repository,
  tag: Tag,
  bytes: Buffer,
  current: CurrentTag | undefined,
  condition: PutManifestOptions,
): Promise<void> {
  // Many registries return ETags but do not honor preconditions: layers that were added while the
  // config was uploaded would be lost.
  if (!client.traits(repository).has('honorsPreconditions')) {
    const now = await client.resolve(repository, tag);
    if (now?.digest !== current?.digest) {
      throw new SignedImageError({
        code: 'REGISTRY_CONFLICT',
        message: `${formatRepository(repository)}:${tag} was changed by another writer in the meantime`,
      });
    }
  }
  const { manifest } = typesOf(current?.legacy);
  await client.putManifest(repository, tag, bytes, manifest, condition);
}

/**
 * Reads all signatures (or attestations) in the legacy tag of an image, of any signer.
 *
 * @throws SignedImageError `REGISTRY_*` if the tag itself cannot be read
 */
export async function readLayers(
  client: RegistryClient,
  repository: Repository,
  subject: Digest,
  purpose: Purpose,
): Promise<Findings> {
  const tag = legacyTag(subject, purpose);
  const fetched = await client.getManifest(repository, tag);
  if (!fetched) return NOTHING_FOUND;
  let manifest: LegacyManifest['manifest'];
  try {
    ({ manifest } = parseLegacyManifest(fetched.bytes, fetched.descriptor.mediaType));
  } catch (error) {
    return gatherFindings([findingOfFailure(error, fetched.descriptor.digest, purpose)]);
  }
  if (manifest.layers.length > MAX_LAYERS) {
    throw new SignedImageError({
      code: 'CONTENT_TOO_LARGE',
      message: `${formatRepository(repository)}:${tag} has ${manifest.layers.length} signatures, and at most ${MAX_LAYERS} are read`,
    });
  }
  const inBudget = withinBudget(manifest.layers.filter(({ size }) => size <= MAX_LAYER_BYTES));
  const read = async (layer: Descriptor): Promise<Finding> =>
    layer.size > MAX_LAYER_BYTES || inBudget.has(layer)
      ? readLayer(client, repository, layer, purpose)
      : { unread: { stored: layer.digest, reason: OVER_BUDGET } };
  return gatherFindings(await mapBounded(manifest.layers, PARALLEL_READS, read));
}

async function readLayer(
  client: RegistryClient,
  repository: Repository,
  layer: Descriptor,
  purpose: Purpose,
): Promise<Finding> {
  const stored = layer.digest;
  const expected = purpose === 'signature' ? SIMPLE_SIGNING_MEDIA_TYPE : ENVELOPE_MEDIA_TYPE;
  if (layer.mediaType !== expected) return undefined;
  try {
    if (layer.size > MAX_LAYER_BYTES) {
      throw new SignedImageError({
        code: 'CONTENT_TOO_LARGE',
        message: `the layer has ${layer.size} bytes, which exceeds the limit`,
      });
    }
    const blob = await client.getBlob(repository, layer);
    if (!blob) {
      return { unusable: { stored, purpose, reason: 'the registry does not have its payload' } };
    }
    const annotations = layer.annotations ?? {};
    return purpose === 'signature'
      ? {
          candidate: {
            format: 'legacy',
            stored,
            bundle: bundleOfPayload(blob, annotations),
            payload: blob,
          },
        }
      : {
          candidate: {
            format: 'legacy',
            stored,
            bundle: bundleOfEnvelope(blob, annotations),
            envelope: blob,
          },
        };
  } catch (error) {
    return findingOfFailure(error, stored, purpose);
  }
}

/** Returns the additional annotations of an `.att` layer. */
export function attestationAnnotations(predicateType: string): LayerAnnotations {
  return { [PREDICATE_TYPE]: predicateType };
}
