import { join } from 'node:path';

import { type AuditPolicyArgs, loadAuditPolicy } from '../audit';
import { InvalidInputError, SignedImageError } from '../error';
import { createLayoutClient, type Digest, formatReference, parseDigest } from '../oci';
import { processHost, type SigningHost } from '../sign';
import { listVerifiedSignatures, type VerificationReport, verifyImage } from '../verify';
import { checkBlobs, checkChecksums, checkReadableFiles, readExportFile } from './folder-check';
import { imageContent } from './layout-content';
import { LAYOUT_FOLDER } from './layout-commands';
import { EXPORT_FILE, parseExportManifest } from './manifest';
import type { Proof } from './proof';
import { proofFiles } from './proof-files';

/** An export, and the policy that it must meet. */
export interface VerifyExportArgs {
  readonly folder: string;
  /** Keys, identities and the trusted root to trust: never those of the folder by themselves. */
  readonly policy: AuditPolicyArgs;
  /** The digest that the export must be about. Default: the one in the export. */
  readonly digest?: string | undefined;
}

export interface VerifiedExport {
  /** `host/repo[:tag]`, as exported. Signed only in the legacy format. */
  readonly image: string;
  readonly digest: Digest;
  readonly report: VerificationReport;
  readonly proofs: readonly Proof[];
}

/** Without a network, the trusted root of the public instance cannot be updated. */
function rejectMissingRoot({ identities = [], transparency, sigstore }: AuditPolicyArgs): void {
  const needsRoot = identities.length > 0 || (transparency ?? 'none') !== 'none';
  if (
    !needsRoot ||
    sigstore?.trustedRoot !== undefined ||
    sigstore?.clientTrustConfig !== undefined
  )
    return;
  throw new InvalidInputError([
    {
      property: 'sigstore.trustedRoot',
      code: 'INPUT_INVALID',
      message:
        'is required to verify an export: give a trusted root that you trust, or compare trusted_root.json of the export and give that',
    },
  ]);
}

/**
 * Verifies an export without a network: its signatures by the same code as an image in a registry, and that its
 * readable files are those of the verified signatures.
 *
 * @throws InvalidInputError for the policy; SignedImageError `VERIFY_*` if the image does not meet it,
 *   `CONTENT_MISMATCH` if the folder was changed, `CONTENT_MALFORMED` if it is not an export
 */
export async function verifyExport(
  args: VerifyExportArgs,
  host: SigningHost = processHost(),
): Promise<VerifiedExport> {
  const { folder } = args;
  const expected = args.digest === undefined ? undefined : parseDigest(args.digest);
  rejectMissingRoot(args.policy);
  const policy = await loadAuditPolicy(args.policy, host);
  const { reference, digest, withImage } = parseExportManifest(
    await readExportFile(folder, EXPORT_FILE),
  );
  if (expected !== undefined && expected !== digest) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `${folder} is an export of ${digest}, not of ${expected}`,
    });
  }
  const { repository } = reference;
  const client = createLayoutClient(join(folder, LAYOUT_FOLDER));
  const report = await verifyImage(repository, digest, policy, client);
  const { manifests } = report;
  const { verified } = await listVerifiedSignatures(repository, manifests, policy, client);
  const { proofs, files } = await proofFiles(repository, manifests, verified, client);
  await checkReadableFiles(folder, files);
  await checkChecksums(folder);
  if (withImage) {
    const { blobs } = await imageContent({ repository, client }, digest);
    await checkBlobs(join(folder, LAYOUT_FOLDER), blobs);
  }
  return { image: formatReference(reference), digest, report, proofs };
}
