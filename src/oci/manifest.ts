import type { Descriptor, Platform } from './descriptor';
import { isDigest } from './digest';
import { isIndexType } from './media-type';
import { isJsonObject, type JsonObject, malformed, parseJsonObject } from './strict-json';

/** Maximum size of a manifest in bytes, as in registries. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

interface ManifestCommon {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md */
export interface ImageManifest extends ManifestCommon {
  readonly kind: 'image';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md */
export interface ImageIndex extends ManifestCommon {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
}

/**
 * Parses the bytes of a manifest or index from a registry.
 *
 * @param mediaType the type of the response or descriptor; the body must not declare a different one
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseManifest(bytes: Buffer, mediaType: string): ImageManifest | ImageIndex {
  const what = `the manifest (${mediaType})`;
  if (bytes.length > MAX_MANIFEST_BYTES)
    throw malformed(what, `is larger than ${MAX_MANIFEST_BYTES} bytes`);
  const json = parseJsonObject(bytes, what);
  if (json['schemaVersion'] !== 2) throw malformed(what, 'does not have schemaVersion 2');
  if (json['mediaType'] !== undefined && json['mediaType'] !== mediaType) {
    throw malformed(what, 'declares a different media type in its body');
  }
  const { artifactType, subject, annotations } = json;
  const common: ManifestCommon = {
    mediaType,
    ...(artifactType !== undefined && {
      artifactType: textOf(artifactType, `${what}: artifactType`),
    }),
    ...(subject !== undefined && { subject: parseDescriptor(subject, `${what}: subject`) }),
    ...(annotations !== undefined && { annotations: textsOf(annotations, `${what}: annotations`) }),
  };
  // A document that is both an image and an index is ambiguous (CVE-2021-41190).
  if (isIndexType(mediaType)) {
    if ('config' in json || 'layers' in json)
      throw malformed(what, 'is an index and also has the members of an image');
    return { ...common, kind: 'index', manifests: listOf(json['manifests'], `${what}: manifests`) };
  }
  if ('manifests' in json)
    throw malformed(what, 'is an image and also has the members of an index');
  return {
    ...common,
    kind: 'image',
    config: parseDescriptor(json['config'], `${what}: config`),
    layers: listOf(json['layers'], `${what}: layers`),
  };
}

/** @throws SignedImageError `CONTENT_MALFORMED` */
export function parseDescriptor(value: unknown, what: string): Descriptor {
  if (!isJsonObject(value)) throw malformed(what, 'is not a descriptor');
  const { mediaType, digest, size, artifactType, annotations, platform } = value;
  if (typeof digest !== 'string' || !isDigest(digest))
    throw malformed(what, 'does not have a sha256 digest');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw malformed(what, 'does not have a valid size');
  }
  return {
    mediaType: textOf(mediaType, `${what}: mediaType`),
    digest,
    size,
    ...(artifactType !== undefined && {
      artifactType: textOf(artifactType, `${what}: artifactType`),
    }),
    ...(annotations !== undefined && { annotations: textsOf(annotations, `${what}: annotations`) }),
    ...(platform !== undefined && { platform: parsePlatform(platform, `${what}: platform`) }),
  };
}

function parsePlatform(value: unknown, what: string): Platform {
  if (!isJsonObject(value)) throw malformed(what, 'is not an object');
  const { os, architecture, variant } = value;
  const version = value['os.version'];
  return {
    os: textOf(os, `${what}: os`),
    architecture: textOf(architecture, `${what}: architecture`),
    ...(variant !== undefined && { variant: textOf(variant, `${what}: variant`) }),
    ...(version !== undefined && { 'os.version': textOf(version, `${what}: os.version`) }),
  };
}

function listOf(value: unknown, what: string): readonly Descriptor[] {
  if (!Array.isArray(value)) throw malformed(what, 'is not a list');
  return value.map((item, position) => parseDescriptor(item, `${what}[${position}]`));
}

function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw malformed(what, 'is not a string');
  return value;
}

function textsOf(value: unknown, what: string): Readonly<Record<string, string>> {
  // Go writes an empty map as null.
  if (value === null) return {};
  if (!isJsonObject(value)) throw malformed(what, 'is not an object');
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [name, textOf(text, what)]),
  );
}

/** Returns the artifact type under which a referrer is listed; for an image, the media type of its config. */
export function artifactTypeOf(manifest: JsonObject): string | undefined {
  const { artifactType, config } = manifest;
  if (typeof artifactType === 'string' && artifactType !== '') return artifactType;
  const type = isJsonObject(config) ? config['mediaType'] : undefined;
  return typeof type === 'string' ? type : undefined;
}
