import type { CoreOptions, VerifyImageArgs } from '../core';
import { withImage } from '../core/image';
import { loadVerificationPolicy } from '../core/policy-args';
import {
  type Descriptor,
  type Digest,
  hexOf,
  parseReference,
  type Reference,
  type RegistryClient,
} from '../oci';
import { CHECKSUMS_FILE, checksumsText } from './checksums';
import { rejectAttestations } from './exportable-policy';
import {
  blobPath,
  type ExportContent,
  exportContent,
  layoutFiles,
  readableFiles,
} from './export-content';
import { checkTarget, type FolderWriter, writeFolder } from './export-folder';
import { imageContent, incomplete } from './layout-content';
import { checksumOf, type Proof } from './proof';
import { exportTrust } from './trust-files';

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

async function writeLayout(
  writer: ExportWriter,
  { reference, report, layout }: ExportContent,
  withLayers: boolean,
  client: RegistryClient,
): Promise<void> {
  for (const [path, bytes] of layoutFiles(layout)) await writer.write(path, bytes);
  if (!withLayers) return;
  const { repository } = reference;
  const image = await imageContent({ repository, client }, report.digest);
  for (const { descriptor, bytes } of image.manifests) await writer.blob(descriptor.digest, bytes);
  for (const blob of image.blobs) await writer.download(blob, reference, client);
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
  rejectAttestations(args);
  const reference = parseReference(args.image);
  await checkTarget(output, force);
  return withImage(args, options, async ({ digest, client, host }) => {
    const policy = await loadVerificationPolicy(args, host);
    const trust = await exportTrust(policy.trustedRoot, args.sigstore, host);
    const content = await exportContent({ reference, digest, policy, client, verifiedOnly: false });
    const files = readableFiles(content, {
      policy: args,
      trust,
      withLayers,
      exportedAt: host.now(),
    });
    await writeFolder(output, force, async (folder) => {
      const writer = new ExportWriter(folder);
      for (const [path, bytes] of files) await writer.write(path, bytes);
      await writeLayout(writer, content, withLayers, client);
      await writer.finish();
    });
    const { report, folder, notVerified } = content;
    return {
      imageRef: report.imageRef ?? '',
      output,
      withLayers,
      proofs: folder.proofs,
      notVerified,
    };
  });
}
