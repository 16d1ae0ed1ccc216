import { isJsonObject, parseStrictJson } from '../../attest/strict-json';
import { SignedImageError } from '../../error';
import type { Descriptor } from '../../oci/descriptor';
import { isDigest } from '../../oci/digest';

/** An image manifest, as far as signatures are stored in one. */
export interface ImageManifest {
  /** All members as they were read, so that a rewrite loses none. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly mediaType: string | undefined;
  readonly artifactType: string | undefined;
  readonly subject: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

function malformed(why: string): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_MALFORMED',
    message: `it is no image manifest: ${why}`,
  });
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) return {};
  const pairs = Object.entries(value).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return Object.fromEntries(pairs);
}

function parseDescriptor(value: unknown): Descriptor {
  if (!isJsonObject(value)) throw malformed('a descriptor is no object');
  const { mediaType, digest, size, artifactType, annotations } = value;
  if (typeof mediaType !== 'string') throw malformed('a descriptor has no media type');
  if (typeof digest !== 'string' || !isDigest(digest)) throw malformed('a digest is malformed');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw malformed('a size is malformed');
  }
  return {
    mediaType,
    digest,
    size,
    ...(typeof artifactType === 'string' && { artifactType }),
    ...(annotations !== undefined && { annotations: stringsOf(annotations) }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseImageManifest(bytes: Buffer): ImageManifest {
  const raw = parseStrictJson(bytes);
  if (!isJsonObject(raw)) throw malformed('it is no JSON object');
  if (!Array.isArray(raw['layers'])) throw malformed('it has no layers');
  return {
    raw,
    mediaType: textOf(raw['mediaType']),
    artifactType: textOf(raw['artifactType']),
    subject: raw['subject'] === undefined ? undefined : parseDescriptor(raw['subject']),
    layers: raw['layers'].map(parseDescriptor),
    annotations: stringsOf(raw['annotations']),
  };
}
