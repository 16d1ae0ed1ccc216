import type { Descriptor } from '../oci/descriptor';
import { OCI_MANIFEST } from '../oci/media-type';

export const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md */
const CONTENT_ANNOTATION = 'dev.sigstore.bundle.content';
export const PREDICATE_TYPE_ANNOTATION = 'dev.sigstore.bundle.predicateType';
const CREATED_ANNOTATION = 'org.opencontainers.image.created';

export interface BundleManifestParts {
  /** The image that was signed. */
  readonly subject: Descriptor;
  /** The empty config blob. */
  readonly config: Descriptor;
  /** The bundle's JSON. */
  readonly bundle: Descriptor;
  readonly predicateType: string;
  readonly created: Date;
}

/** Returns the three required fields of a descriptor, without those that a list may have added. */
function minimalDescriptor({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** Formats a time as RFC 3339 in whole seconds, as cosign does. */
function formatSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** Encodes the referrer manifest of a Sigstore bundle, as cosign >= 3 and @sigstore/oci do. */
export function encodeBundleManifest(parts: BundleManifestParts): Buffer {
  const bundle = minimalDescriptor(parts.bundle);
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: bundle.mediaType,
      config: minimalDescriptor(parts.config),
      layers: [bundle],
      subject: minimalDescriptor(parts.subject),
      annotations: {
        [CREATED_ANNOTATION]: formatSeconds(parts.created),
        [CONTENT_ANNOTATION]: 'dsse-envelope',
        [PREDICATE_TYPE_ANNOTATION]: parts.predicateType,
      },
    }),
    'utf8',
  );
}
