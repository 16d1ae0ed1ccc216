import { InvalidInputError } from '../error';
import {
  BLOB_FOLDER,
  type Digest,
  encodeLayoutFile,
  encodeLayoutIndex,
  formatReference,
  hexOf,
  INDEX_FILE,
  isIndexType,
  LAYOUT_FILE,
  type Reference,
  type RegistryClient,
} from '../oci';
import {
  listVerifiedSignatures,
  type VerificationPolicy,
  type VerificationReport,
  verifyImage,
} from '../verify';
import { LAYOUT_FOLDER } from './layout-commands';
import { type LayoutContent, layoutContent } from './layout-content';
import { encodeExportManifest, EXPORT_FILE } from './manifest';
import { checksumOf } from './proof';
import { type ProofFolder, proofFiles } from './proof-files';
import { type DescribedPolicy, readmeText } from './readme';
import { createRecordingClient } from './recording-client';
import type { ExportTrust } from './trust-files';

/** Everything that is exported, apart from the layers of the image. */
export interface ExportContent {
  readonly reference: Reference;
  readonly report: VerificationReport;
  readonly folder: ProofFolder;
  readonly layout: LayoutContent;
  /** Digests of stored objects in the layout that were not verified. */
  readonly notVerified: readonly Digest[];
}

interface ContentRequest {
  readonly reference: Reference;
  readonly digest: Digest;
  readonly policy: VerificationPolicy;
  readonly client: RegistryClient;
  /** Whether to leave out what is not verified: other signers, other types. */
  readonly verifiedOnly: boolean;
}

/** What is accepted by `require` alone is not exported, so that an export of it would prove nothing. */
function rejectWithoutSigners({ keys, trustedKeys = [], identities }: VerificationPolicy): void {
  if (keys.length + trustedKeys.length + identities.length > 0) return;
  throw new InvalidInputError([
    {
      property: 'require',
      code: 'INPUT_INVALID',
      message:
        'cannot be exported alone: an export contains the signatures of `keys`, `trustedKeys` and `identities` of the policy itself; give at least one',
    },
  ]);
}

/**
 * Verifies an image, and selects what proves it.
 *
 * @throws SignedImageError `VERIFY_*`, `REGISTRY_*`, `CONTENT_*`
 */
export async function exportContent(request: ContentRequest): Promise<ExportContent> {
  const { reference, digest, policy, verifiedOnly } = request;
  rejectWithoutSigners(policy);
  const { repository, tag } = reference;
  const { client, recording } = createRecordingClient(request.client);
  const report = await verifyImage(repository, digest, policy, client);
  const { manifests } = report;
  const { verified, others } = await listVerifiedSignatures(repository, manifests, policy, client);
  const folder = await proofFiles(repository, manifests, verified, client);
  const source = { repository, manifests, tag, client, recording };
  const only = new Set(verified.map(({ candidate }) => candidate.stored));
  const layout = await layoutContent(verifiedOnly ? { ...source, only } : source);
  // A manifest in the legacy format has the layers of all signers.
  const notVerified = verifiedOnly ? others.filter((each) => layout.blobs.has(each)) : others;
  return { reference, report, folder, layout, notVerified };
}

/** The path of a blob in an export. */
export function blobPath(digest: Digest): string {
  return `${LAYOUT_FOLDER}/${BLOB_FOLDER}/${hexOf(digest)}`;
}

/** Encodes the files of the OCI layout, by their paths in the export. */
export function layoutFiles({ entries, blobs }: LayoutContent): ReadonlyMap<string, Buffer> {
  return new Map([
    [`${LAYOUT_FOLDER}/${LAYOUT_FILE}`, encodeLayoutFile()],
    [`${LAYOUT_FOLDER}/${INDEX_FILE}`, encodeLayoutIndex(entries)],
    ...[...blobs].map(([digest, bytes]) => [blobPath(digest), bytes] as const),
  ]);
}

interface ReadableOptions {
  readonly policy: DescribedPolicy;
  readonly trust: ExportTrust;
  readonly withLayers: boolean;
  /** Absent: the files depend only on what was verified. */
  readonly exportedAt?: Date;
}

/** Encodes the files beside the OCI layout, by their paths in the export. */
export function readableFiles(
  { reference, report, folder, notVerified }: ExportContent,
  { policy, trust, withLayers, exportedAt }: ReadableOptions,
): ReadonlyMap<string, Buffer> {
  const { digest, manifests } = report;
  const { files: trustFiles, facts } = trust;
  const image = formatReference({ ...reference, digest: undefined });
  const trusted = [...folder.files].filter(([path]) => path.startsWith('keys/'));
  const files = new Map([...folder.files, ...trustFiles]);
  const readme = readmeText({
    image,
    digest,
    isIndex: isIndexType(manifests[0]?.mediaType ?? ''),
    withLayers,
    proofs: folder.proofs,
    policy,
    facts,
    trustChecksums: [...trusted, ...trustFiles].map(([path, bytes]) => [path, checksumOf(bytes)]),
    notVerified: notVerified.length,
  });
  files.set('README.md', Buffer.from(readme, 'utf8'));
  files.set(
    EXPORT_FILE,
    encodeExportManifest({
      image,
      digest,
      ...(exportedAt && { exportedAt: exportedAt.toISOString() }),
      withLayers,
      manifests: manifests.map(({ digest: each, mediaType, platform }) => ({
        digest: each,
        ...(mediaType !== undefined && { mediaType }),
        ...(platform !== undefined && { platform }),
      })),
      proofs: folder.proofs,
      notVerified,
    }),
  );
  return files;
}
