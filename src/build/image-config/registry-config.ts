import { SignedImageError } from '../../error';
import { isJsonObject, type JsonObject, parseJsonObject } from '../../oci/strict-json';

/**
 * Parts of an image config as registries store it, with validated structure.
 *
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
 */
export interface ImageConfig {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
  readonly labels: JsonObject;
}

/** Parses an image config; `undefined` if it is not one. */
export function parseImageConfig(bytes: Buffer): ImageConfig | undefined {
  const { os, architecture, variant, config } = parsed(bytes);
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  if (variant !== undefined && typeof variant !== 'string') return undefined;
  const labels = isJsonObject(config) ? config['Labels'] : undefined;
  return {
    os,
    architecture,
    variant: variant === '' ? undefined : variant,
    labels: isJsonObject(labels) ? labels : {},
  };
}

function parsed(bytes: Buffer): JsonObject {
  try {
    return parseJsonObject(bytes, 'the image config');
  } catch (error) {
    if (error instanceof SignedImageError) return {};
    throw error;
  }
}
