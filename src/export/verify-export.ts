import { join } from 'node:path';

import {
  type CoreOptions,
  type InspectImageResult,
  inspectSignatures,
  type VerificationPolicyArgs,
} from '../core';
import { loadVerificationPolicy } from '../core/policy-args';
import { InvalidInputError, SignedImageError } from '../error';
import { processHost } from '../host/host';
import { createLayoutClient, parseDigest, pinned } from '../oci';
import { listVerifiedSignatures } from '../verify';
import { checkBlobs, checkChecksums, checkReadableFiles, readExportFile } from './folder-check';
import { imageContent } from './layout-content';
import { LAYOUT_FOLDER } from './layout-commands';
import { rejectAttestations } from './exportable-policy';
import { EXPORT_FILE, parseExportManifest } from './manifest';
import { proofFiles } from './proof-files';

/**
 * An export, and the requirements that it must meet. Keys, identities and the trusted root are those of the verifier:
 * a folder is not trusted because of its own.
 */
export interface InspectExportArgs extends VerificationPolicyArgs {
  readonly folder: string;
  /** The digest that the export must be about. Default: the one in the export. */
  readonly digest?: string | undefined;
}

/** Without a network, the trusted root of the public instance cannot be fetched. */
function rejectMissingRoot({ identities = [], transparency, sigstore }: InspectExportArgs): void {
  const needsRoot = identities.length > 0 || (transparency ?? 'none') !== 'none';
  const declared = sigstore?.trustedRoot ?? sigstore?.clientTrustConfig;
  if (!needsRoot || declared !== undefined) return;
  throw new InvalidInputError([
    {
      property: 'sigstore.trustedRoot',
      code: 'INPUT_INVALID',
      message:
        'is required to verify an export: give a trusted root of your own, or compare trusted_root.json of the export with one and give that',
    },
  ]);
}

/**
 * Verifies an export without a network: its signatures by the same code as an image in a registry, and that its
 * readable files are those of the verified signatures.
 *
 * @returns the same as `inspectSignatures`
 * @throws InvalidInputError for the requirements; SignedImageError `CONTENT_MISMATCH` if the folder was changed,
 *   `CONTENT_MALFORMED` if it is not an export
 */
export async function inspectExport(
  args: InspectExportArgs,
  options: Pick<CoreOptions, 'host'> = {},
): Promise<InspectImageResult> {
  const { folder } = args;
  const expected = args.digest === undefined ? undefined : parseDigest(args.digest);
  rejectMissingRoot(args);
  rejectAttestations(args);
  const { reference, digest, withLayers } = parseExportManifest(
    await readExportFile(folder, EXPORT_FILE),
  );
  if (expected !== undefined && expected !== digest) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `${folder} is an export of ${digest}, not of ${expected}`,
    });
  }
  const { repository } = reference;
  const host = options.host ?? processHost();
  const client = createLayoutClient(join(folder, LAYOUT_FOLDER));
  const image = pinned(repository, digest);
  const result = await inspectSignatures({ ...args, image }, { host, client });
  if (!result.verified) return result;
  const { manifests } = result.report;
  const policy = await loadVerificationPolicy(args, host);
  const { verified } = await listVerifiedSignatures(repository, manifests, policy, client);
  const { files } = await proofFiles(repository, manifests, verified, client);
  await checkReadableFiles(folder, files);
  await checkChecksums(folder);
  if (withLayers) {
    const { blobs } = await imageContent({ repository, client }, digest);
    await checkBlobs(join(folder, LAYOUT_FOLDER), blobs);
  }
  return result;
}
