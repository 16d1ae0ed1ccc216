import { gunzipSync, gzipSync } from 'node:zlib';

import { SignedImageError } from '../error';
import { tarArchive } from '../host/tar-archive';
import type { Digest, Reference, RegistryClient } from '../oci';
import type { SigningHost } from '../sign';
import type { VerificationPolicy, VerificationReport } from '../verify';
import { CHECKSUMS_FILE, checksumsText } from './checksums';
import { exportContent, layoutFiles, readableFiles } from './export-content';
import { checksumOf } from './proof';
import type { DescribedPolicy } from './readme';
import { type DeclaredTrust, exportTrust } from './trust-files';

/** An archive is kept in the state of a stack. */
const MAX_ARCHIVE_BYTES = 1024 * 1024;
const GZIP_OS_OFFSET = 9;
const GZIP_OS_UNKNOWN = 255;

/** The image to verify, and the archive of an earlier verification. */
export interface ProofArchiveRequest {
  readonly reference: Reference;
  readonly digest: Digest;
  readonly policy: VerificationPolicy;
  readonly sigstore: DeclaredTrust;
  readonly client: RegistryClient;
  readonly host: SigningHost;
  /** Returned as it is if it has the same files: compressors differ between versions and processors. */
  readonly former?: string | undefined;
}

export interface ProofArchive {
  readonly report: VerificationReport;
  /** Base64 of a gzipped tar archive. */
  readonly archive: string;
}

function describedPolicy(policy: VerificationPolicy): DescribedPolicy {
  const { annotations, provenance, format, transparency, platforms } = policy;
  return { annotations, provenance, format, transparency, platforms };
}

/** Equal and similar files come after one another, so that they are compressed within the window of gzip. */
function bySize(
  [aPath, a]: readonly [string, Buffer],
  [bPath, b]: readonly [string, Buffer],
): number {
  return a.length - b.length || Buffer.compare(a, b) || (aPath < bPath ? -1 : 1);
}

function compressed(tar: Buffer): string {
  const archive = gzipSync(tar, { level: 9 });
  archive[GZIP_OS_OFFSET] = GZIP_OS_UNKNOWN;
  if (archive.length <= MAX_ARCHIVE_BYTES) return archive.toString('base64');
  throw new SignedImageError({
    code: 'CONTENT_TOO_LARGE',
    property: 'exportProof',
    message: `the proof has ${archive.length} bytes, and at most ${MAX_ARCHIVE_BYTES} are kept in a state; use \`signed-image export\` for this image`,
  });
}

function hasContent(archive: string | undefined, tar: Buffer): boolean {
  if (archive === undefined) return false;
  try {
    const maxOutputLength = tar.length + 1;
    return gunzipSync(Buffer.from(archive, 'base64'), { maxOutputLength }).equals(tar);
  } catch {
    return false;
  }
}

/**
 * Verifies an image, and returns the folder that `signed-image export` writes as an archive: without the layers of the
 * image, without what is not verified, and without the time of the export. It depends only on what was verified.
 *
 * @throws SignedImageError `VERIFY_*`, `REGISTRY_*`, `CONTENT_*`
 */
export async function proofArchive(request: ProofArchiveRequest): Promise<ProofArchive> {
  const { policy, sigstore, host, former } = request;
  const content = await exportContent({ ...request, verifiedOnly: true });
  const trust = await exportTrust(policy.trustedRoot, sigstore, host);
  const readable = readableFiles(content, {
    policy: describedPolicy(policy),
    trust,
    withLayers: false,
  });
  const files = new Map([...readable, ...layoutFiles(content.layout)]);
  const checksums = new Map([...files].map(([path, bytes]) => [path, checksumOf(bytes)]));
  const all = [...files, [CHECKSUMS_FILE, checksumsText(checksums)] as const];
  const tar = tarArchive(all.sort(bySize));
  const { report } = content;
  const isKnown = former !== undefined && hasContent(former, tar);
  return { report, archive: isKnown ? former : compressed(tar) };
}
