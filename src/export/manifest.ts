import { SignedImageError } from '../error';
import { type Digest, isDigest, isJsonObject, parseJsonObject, parseReference } from '../oci';
import type { Reference } from '../oci';
import type { Proof } from './proof';

/** The file that describes an export for programs. */
export const EXPORT_FILE = 'export.json';
const EXPORT_MEDIA_TYPE = 'application/vnd.pulumi-signed-image.export.v1+json';

/** The content of `export.json`. It contains public data only. */
export interface ExportManifest {
  /** The image as it was named, `host/repo[:tag]`. */
  readonly image: string;
  readonly digest: Digest;
  /** RFC 3339. Absent in the `proof` output, which depends only on what was verified. */
  readonly exportedAt?: string;
  /** Whether the OCI layout contains the layers of the image. */
  readonly withLayers: boolean;
  /** The image or index first, then its platform manifests. */
  readonly manifests: readonly {
    readonly digest: Digest;
    readonly mediaType?: string;
    readonly platform?: string;
  }[];
  readonly proofs: readonly Proof[];
  /** Digests of stored objects in the OCI layout that were not verified: other signers, other types. */
  readonly notVerified: readonly Digest[];
}

export function encodeExportManifest(manifest: ExportManifest): Buffer {
  const json = { mediaType: EXPORT_MEDIA_TYPE, ...manifest };
  return Buffer.from(`${JSON.stringify(json, null, 2)}\n`, 'utf8');
}

/** What a verification reads of `export.json`: only which image the folder is about. */
export interface ExportedImage {
  readonly reference: Reference;
  readonly digest: Digest;
  readonly withLayers: boolean;
}

/**
 * Parses `export.json`.
 *
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseExportManifest(bytes: Buffer): ExportedImage {
  const json = parseJsonObject(bytes, EXPORT_FILE);
  const { mediaType, image, digest, withLayers } = json;
  if (!isJsonObject(json) || mediaType !== EXPORT_MEDIA_TYPE)
    throw malformed(`its mediaType must be ${EXPORT_MEDIA_TYPE}`);
  if (typeof digest !== 'string' || !isDigest(digest)) throw malformed('it has no valid digest');
  if (typeof image !== 'string') throw malformed('it has no image');
  try {
    return { reference: parseReference(image), digest, withLayers: withLayers === true };
  } catch {
    throw malformed('its image is not an image reference');
  }
}

function malformed(why: string): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_MALFORMED',
    message: `${EXPORT_FILE} is not the description of an export: ${why}`,
  });
}
