import { isDeepStrictEqual } from 'node:util';

import { SignedImageError } from '../error';
import type { Descriptor } from '../oci/descriptor';
import { OCI_MANIFEST, OCI_CONFIG } from '../oci/media-type';
import { type ImageManifest, parseManifest } from '../oci/manifest';
import { type JsonObject, parseJsonObject } from '../oci/strict-json';

/** cosign fails on tags with more layers. */
export const MAX_LAYERS = 1000;

const ZERO_TIME = '0001-01-01T00:00:00Z';

/** Whether two descriptors are the same signature: the same bytes with the same annotations. */
export function sameLayer(a: Descriptor, b: Descriptor): boolean {
  return (
    a.digest === b.digest &&
    a.mediaType === b.mediaType &&
    isDeepStrictEqual({ ...a.annotations }, { ...b.annotations })
  );
}

/**
 * Encodes the image config of a signature manifest, as cosign does. Signature layers are not
 * compressed, so a layer's digest is its diff id.
 */
export function encodeLegacyConfig(layers: readonly Descriptor[]): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture: '',
      created: ZERO_TIME,
      history: layers.map(() => ({ created: ZERO_TIME })),
      os: '',
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.digest) },
      config: {},
    }),
    'utf8',
  );
}

/** The manifest of a signature tag. */
export interface LegacyManifest {
  readonly manifest: ImageManifest;
  /** All fields as they were read, so that a rewrite preserves them. */
  readonly raw: JsonObject;
}

/**
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseLegacyManifest(bytes: Buffer, mediaType: string): LegacyManifest {
  const manifest = parseManifest(bytes, mediaType);
  if (manifest.kind !== 'image') {
    throw new SignedImageError({
      code: 'CONTENT_MALFORMED',
      message: `it is an index (${mediaType}), not a list of signatures`,
    });
  }
  return { manifest, raw: parseJsonObject(bytes, 'the manifest') };
}

/** Returns the existing layers, which may be other signers', followed by the new one. */
export function layersWith(
  current: LegacyManifest | undefined,
  layer: Descriptor,
): readonly Descriptor[] {
  const layers = current?.manifest.layers ?? [];
  if (layers.length >= MAX_LAYERS) {
    throw new SignedImageError({
      code: 'CONTENT_TOO_LARGE',
      message: `the tag already has ${layers.length} signatures, and cosign reads at most ${MAX_LAYERS}; remove some (cosign clean), or use format "bundle"`,
      property: 'format',
    });
  }
  return [...layers, layer];
}

/** Returns the media types of the existing manifest: cosign can write Docker's, too. */
export function typesOf(current: LegacyManifest | undefined): {
  readonly manifest: string;
  readonly config: string;
} {
  return {
    manifest: current?.manifest.mediaType ?? OCI_MANIFEST,
    config: current?.manifest.config.mediaType ?? OCI_CONFIG,
  };
}

/** Encodes the manifest without some layers; every other field and layer is unchanged. */
export function withoutLayers(
  { raw, manifest }: LegacyManifest,
  config: Descriptor,
  isRemoved: (layer: Descriptor) => boolean,
): Buffer {
  const former = raw['layers'] as readonly unknown[];
  const { mediaType, digest, size } = config;
  return Buffer.from(
    JSON.stringify({
      ...raw,
      config: { mediaType, size, digest },
      layers: former.filter((_, position) => {
        const layer = manifest.layers[position];
        return layer === undefined || !isRemoved(layer);
      }),
    }),
    'utf8',
  );
}

/** Encodes the manifest with one more layer; every existing field and layer is unchanged. */
export function appendLayer(
  current: LegacyManifest | undefined,
  config: Descriptor,
  layer: Descriptor,
): Buffer {
  const former: unknown = current?.raw['layers'] ?? [];
  const { mediaType, digest, size, annotations } = layer;
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: typesOf(current).manifest,
      ...current?.raw,
      config: { mediaType: config.mediaType, size: config.size, digest: config.digest },
      layers: [...(former as readonly unknown[]), { mediaType, size, digest, annotations }],
    }),
    'utf8',
  );
}
