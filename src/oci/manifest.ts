import type { Descriptor, Platform } from './descriptor';
import { isDigest } from './digest';
import { isIndexType } from './media-type';
import { isJsonObject, type JsonObject, malformed, parseJsonObject } from './strict-json';

/** The most bytes that a manifest may have, as registries have it. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

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
 * @param mediaType the type that it was served or described with; the body must not say another
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseManifest(bytes: Buffer, mediaType: string): ImageManifest | ImageIndex {
  const what = `the manifest (${mediaType})`;
  if (bytes.length > MANIFEST_LIMIT)
    throw malformed(what, `is larger than ${MANIFEST_LIMIT} bytes`);
  const json = parseJsonObject(bytes, what);
  if (json['schemaVersion'] !== 2) throw malformed(what, 'is not of schemaVersion 2');
  if (json['mediaType'] !== undefined && json['mediaType'] !== mediaType) {
    throw malformed(what, 'says in its body to be of another media type');
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
  // A document that is both could be read as either (CVE-2021-41190).
  if (isIndexType(mediaType)) {
    if ('config' in json || 'layers' in json)
      throw malformed(what, 'has the parts of an image too');
    return { ...common, kind: 'index', manifests: listOf(json['manifests'], `${what}: manifests`) };
  }
  if ('manifests' in json) throw malformed(what, 'has the parts of an index too');
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
    throw malformed(what, 'has no sha256 digest');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw malformed(what, 'has no size');
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

/** The artifact type that a referrer is listed under; an image's is that of its config. */
export function artifactTypeOf(manifest: JsonObject): string | undefined {
  const { artifactType, config } = manifest;
  if (typeof artifactType === 'string' && artifactType !== '') return artifactType;
  const type = isJsonObject(config) ? config['mediaType'] : undefined;
  return typeof type === 'string' ? type : undefined;
}
