import type { Descriptor } from '../descriptor';
import { parseDescriptor } from '../manifest';
import { OCI_INDEX } from '../media-type';
import type { Tag } from '../reference';
import { malformed, parseJsonObject } from '../strict-json';

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md */
export const LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';
/** The folder of all content; the name of each file is the hex part of its digest. */
export const BLOB_FOLDER = 'blobs/sha256';

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md#pre-defined-annotation-keys */
const REF_NAME = 'org.opencontainers.image.ref.name';
/**
 * How `cosign save` marks the entries of `index.json`, by which `cosign load` and `--local-image` find them.
 *
 * https://github.com/sigstore/cosign/blob/v3.1.3/pkg/oci/layout/index.go
 */
const KIND = 'kind';
const KIND_NAMES = {
  image: 'dev.cosignproject.cosign/image',
  index: 'dev.cosignproject.cosign/imageIndex',
  signatures: 'dev.cosignproject.cosign/sigs',
  attestations: 'dev.cosignproject.cosign/atts',
} as const;

/** An entry of `index.json`. */
export interface LayoutEntry {
  readonly descriptor: Descriptor;
  /** Its name in the layout. */
  readonly tag?: Tag | undefined;
  /** What it is for cosign; absent for entries that cosign does not read from `index.json`. */
  readonly kind?: keyof typeof KIND_NAMES | undefined;
}

export function encodeLayoutFile(): Buffer {
  return Buffer.from('{"imageLayoutVersion":"1.0.0"}\n', 'utf8');
}

/** Encodes `index.json`. */
export function encodeLayoutIndex(entries: readonly LayoutEntry[]): Buffer {
  const manifests = entries.map(({ descriptor, tag, kind }) => {
    const { mediaType, digest, size, artifactType } = descriptor;
    const annotations = {
      ...(kind !== undefined && { [KIND]: KIND_NAMES[kind] }),
      ...(tag !== undefined && { [REF_NAME]: tag }),
    };
    return {
      mediaType,
      digest,
      size,
      ...(artifactType !== undefined && { artifactType }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    };
  });
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
  return Buffer.from(`${JSON.stringify(index, null, 2)}\n`, 'utf8');
}

/**
 * Parses `index.json`.
 *
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseLayoutIndex(bytes: Buffer): readonly Descriptor[] {
  const { manifests } = parseJsonObject(bytes, INDEX_FILE);
  if (!Array.isArray(manifests)) throw malformed(INDEX_FILE, 'does not have a list of manifests');
  return manifests.map((each, index) =>
    parseDescriptor(each, `${INDEX_FILE}: manifests[${index}]`),
  );
}

/** Whether this entry of `index.json` has this name. */
export function hasTag({ annotations }: Descriptor, tag: Tag): boolean {
  return annotations?.[REF_NAME] === tag;
}
