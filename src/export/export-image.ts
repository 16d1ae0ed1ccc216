import type { CoreOptions, VerifyImageArgs } from '../core';
import { withImage } from '../core/image';
import {
  BLOB_FOLDER,
  type Descriptor,
  type Digest,
  encodeLayoutFile,
  encodeLayoutIndex,
  formatReference,
  hexOf,
  INDEX_FILE,
  isIndexType,
  LAYOUT_FILE,
  parseReference,
  type Reference,
  type RegistryClient,
} from '../oci';
import { listVerifiedSignatures, type VerificationReport, verifyImage } from '../verify';
import { CHECKSUMS_FILE, checksumsText } from './checksums';
import { checkTarget, type FolderWriter, writeFolder } from './export-folder';
import { imageContent, incomplete, type LayoutContent, layoutContent } from './layout-content';
import { LAYOUT_FOLDER } from './layout-commands';
import { encodeExportManifest, EXPORT_FILE } from './manifest';
import type { Proof } from './proof';
import { checksumOf } from './proof';
import { type ProofFolder, proofFiles } from './proof-files';
import { readmeText } from './readme';
import { createRecordingClient } from './recording-client';
import { type ExportTrust, loadExportTrust } from './trust-files';

/** The image to export, and the requirements that it must meet. */
export interface ExportImageArgs extends VerifyImageArgs {
  /** The folder to write. */
  readonly output: string;
  /** Whether to include the layers of the image. Default: false. */
  readonly withLayers?: boolean | undefined;
  /** Whether to replace an earlier export. Default: false. */
  readonly force?: boolean | undefined;
}

export interface ExportResult {
  /** `host/repo@digest`, verified. */
  readonly imageRef: string;
  readonly output: string;
  readonly withLayers: boolean;
  readonly proofs: readonly Proof[];
  readonly notVerified: readonly Digest[];
}

/** Everything that is written, apart from the layers of the image. */
interface Prepared {
  readonly reference: Reference;
  readonly report: VerificationReport;
  readonly folder: ProofFolder;
  readonly layout: LayoutContent;
  readonly notVerified: readonly Digest[];
}

async function prepare(
  reference: Reference,
  digest: Digest,
  { policy }: ExportTrust,
  source: RegistryClient,
): Promise<Prepared> {
  const { repository, tag } = reference;
  const { client, recording } = createRecordingClient(source);
  const report = await verifyImage(repository, digest, policy, client);
  const { manifests } = report;
  const stored = await listVerifiedSignatures(repository, manifests, policy, client);
  const folder = await proofFiles(repository, manifests, stored.verified, client);
  const layout = await layoutContent({ repository, manifests, tag, client, recording });
  return { reference, report, folder, layout, notVerified: stored.others };
}

/** Writes files, and their checksums at the end. */
class ExportWriter {
  readonly #checksums = new Map<string, string>();

  constructor(private readonly writer: FolderWriter) {}

  async write(path: string, bytes: Buffer): Promise<void> {
    await this.writer.write(path, bytes);
    this.#checksums.set(path, checksumOf(bytes));
  }

  async blob(digest: Digest, bytes: Buffer): Promise<void> {
    const path = blobPath(digest);
    if (!this.#checksums.has(path)) await this.write(path, bytes);
  }

  /** Downloads a blob, of any size. */
  async download(
    blob: Descriptor,
    { repository }: Reference,
    client: RegistryClient,
  ): Promise<void> {
    const path = blobPath(blob.digest);
    if (this.#checksums.has(path)) return;
    await this.writer.writeParts(path, async (write) => {
      if (!(await client.getBlobParts(repository, blob, write))) throw incomplete(blob.digest);
    });
    this.#checksums.set(path, hexOf(blob.digest));
  }

  async finish(): Promise<void> {
    await this.writer.write(CHECKSUMS_FILE, checksumsText(this.#checksums));
  }
}

function blobPath(digest: Digest): string {
  return `${LAYOUT_FOLDER}/${BLOB_FOLDER}/${hexOf(digest)}`;
}

async function writeLayout(
  writer: ExportWriter,
  { reference, report, layout }: Prepared,
  withLayers: boolean,
  client: RegistryClient,
): Promise<void> {
  await writer.write(`${LAYOUT_FOLDER}/${LAYOUT_FILE}`, encodeLayoutFile());
  await writer.write(`${LAYOUT_FOLDER}/${INDEX_FILE}`, encodeLayoutIndex(layout.entries));
  for (const [digest, bytes] of layout.blobs) await writer.blob(digest, bytes);
  if (!withLayers) return;
  const { repository } = reference;
  const image = await imageContent({ repository, client }, report.digest);
  for (const { descriptor, bytes } of image.manifests) await writer.blob(descriptor.digest, bytes);
  for (const blob of image.blobs) await writer.download(blob, reference, client);
}

async function writeReadable(
  writer: ExportWriter,
  { reference, report, folder, notVerified }: Prepared,
  args: ExportImageArgs,
  { files: trustFiles, facts }: ExportTrust,
  now: Date,
): Promise<void> {
  const { withLayers = false } = args;
  const { digest, manifests } = report;
  const image = formatReference({ ...reference, digest: undefined });
  const trusted = [...folder.files].filter(([path]) => path.startsWith('keys/'));
  const files = new Map([...folder.files, ...trustFiles]);
  const readme = readmeText({
    image,
    digest,
    isIndex: isIndexType(manifests[0]?.mediaType ?? ''),
    withLayers,
    proofs: folder.proofs,
    policy: args,
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
      exportedAt: now.toISOString(),
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
  for (const [path, bytes] of files) await writer.write(path, bytes);
}

/**
 * Verifies an image with the current content of the registry, and writes everything that proves it to a folder, with
 * which it is verified without a network. The folder is written as a whole or not at all.
 *
 * @throws InvalidInputError for the requirements; SignedImageError `VERIFY_*` if the image does not meet them,
 *   `INPUT_INVALID` on `output` if the folder cannot be written, and errors of the registry
 */
export async function exportImage(
  args: ExportImageArgs,
  options: CoreOptions = {},
): Promise<ExportResult> {
  const { output, withLayers = false, force = false } = args;
  const reference = parseReference(args.image);
  await checkTarget(output, force);
  return withImage(args, options, async ({ digest, client, host }) => {
    const trust = await loadExportTrust(args, host);
    const prepared = await prepare(reference, digest, trust, client);
    await writeFolder(output, force, async (folder) => {
      const writer = new ExportWriter(folder);
      await writeReadable(writer, prepared, args, trust, host.now());
      await writeLayout(writer, prepared, withLayers, client);
      await writer.finish();
    });
    const { report, notVerified } = prepared;
    return {
      imageRef: report.imageRef ?? '',
      output,
      withLayers,
      proofs: prepared.folder.proofs,
      notVerified,
    };
  });
}
