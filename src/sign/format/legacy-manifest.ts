import { isDeepStrictEqual } from 'node:util';

import { SignedImageError } from '../../error';
import type { Descriptor } from '../../oci/descriptor';
import { OCI_CONFIG, OCI_MANIFEST } from '../../oci/media-type';
import type { ImageManifest } from './image-manifest';

/** cosign reads no more than these, and fails on more. */
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
 * The image config of a signature manifest, as cosign writes it. Layers of signatures are not
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

export interface LegacyManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

/** All layers that are there already, then the new one; the former are other people's. */
export function layersWith(
  current: ImageManifest | undefined,
  layer: Descriptor,
): readonly Descriptor[] {
  const layers = current?.layers ?? [];
  if (layers.length >= MAX_LAYERS) {
    throw new SignedImageError({
      code: 'CONTENT_TOO_LARGE',
      message: `the tag holds ${layers.length} signatures already, and cosign reads at most ${MAX_LAYERS}; remove some (cosign clean), or use format "bundle"`,
      property: 'format',
    });
  }
  return [...layers, layer];
}

/** The type of config that goes with what is there (cosign can write Docker's types too). */
export function configTypeOf(current: ImageManifest | undefined): string {
  const config = current?.raw['config'] as { readonly mediaType?: unknown } | undefined;
  return typeof config?.mediaType === 'string' ? config.mediaType : OCI_CONFIG;
}

/** The manifest with one layer more; every member and every layer that was there stays as it was. */
export function appendLayer(
  current: ImageManifest | undefined,
  config: Descriptor,
  layer: Descriptor,
): LegacyManifest {
  const mediaType = current?.mediaType ?? OCI_MANIFEST;
  const { digest, size } = config;
  const former = (current?.raw['layers'] as readonly unknown[] | undefined) ?? [];
  return {
    mediaType,
    bytes: Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        ...current?.raw,
        config: { mediaType: config.mediaType, size, digest },
        layers: [
          ...former,
          {
            mediaType: layer.mediaType,
            size: layer.size,
            digest: layer.digest,
            annotations: layer.annotations,
          },
        ],
      }),
      'utf8',
    ),
  };
}
