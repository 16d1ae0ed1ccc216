import { parseBoundedJson } from '../http/json-bounds';
import type { RegistryClient } from '../oci/client';
import type { Digest } from '../oci/digest';
import type { Repository } from '../oci/reference';
import { mapBounded } from '../storage/bounded';
import { readBundles } from '../storage/bundle-format';
import type { Candidate, Findings } from '../storage/candidate';
import { readLayers } from '../storage/legacy-format';
import { certificatePem } from '../host/pem-text';
import {
  leafCertificate,
  type LogEntry,
  logEntriesOf,
  type StoredFormat,
} from '../storage/signature';
import { readImageManifests } from './image-manifests';
import type { CertificateIdentity } from '../sigstore/certificate-identity';
import { readSignerCertificate } from './signer-certificate';

const PARALLEL_MANIFESTS = 4;

/** A signature or attestation that is stored for an image, as it says of itself: nothing of it is verified. */
export interface FoundSignature {
  /** The manifest that it is stored for. */
  readonly subject: Digest;
  /** `os/architecture[/variant]` of that manifest; absent for the image itself. */
  readonly platform?: string;
  readonly format: StoredFormat;
  /** Digest of the referrer manifest or layer. */
  readonly stored: Digest;
  /** `predicateType` of the in-toto statement; absent for a signature without a statement. */
  readonly predicateType?: string;
  /** Who its certificate names; absent for a signature with a key. */
  readonly identity?: CertificateIdentity;
  readonly certificate?: string;
  readonly logEntries: readonly LogEntry[];
}

/** Something that is stored for the image and cannot be read as a signature. */
export interface UnreadableSignature {
  readonly subject: Digest;
  readonly stored: Digest;
  readonly reason: string;
}

export interface StoredSignatures {
  readonly signatures: readonly FoundSignature[];
  readonly unreadable: readonly UnreadableSignature[];
}

/**
 * Lists everything that is stored as signature or attestation of an image and of the platform manifests of an
 * index, in both formats, of any signer.
 *
 * @throws SignedImageError if the image, a list of referrers or a tag cannot be read (`REGISTRY_*`, `CONTENT_*`)
 */
export async function listSignatures(
  repository: Repository,
  digest: Digest,
  client: RegistryClient,
): Promise<StoredSignatures> {
  const task = client.task();
  const manifests = await readImageManifests(repository, digest, task);
  const found = await mapBounded(
    manifests,
    PARALLEL_MANIFESTS,
    async ({ descriptor, platform }) => {
      const subject = descriptor.digest;
      const findings = await Promise.all([
        readBundles(task, repository, subject),
        readLayers(task, repository, subject, 'signature'),
        readLayers(task, repository, subject, 'provenance'),
      ]);
      return {
        signatures: findings.flatMap(({ candidates }) =>
          candidates.map((candidate) => described(candidate, subject, platform)),
        ),
        unreadable: findings.flatMap((each) => unreadable(each, subject)),
      };
    },
  );
  return {
    signatures: found.flatMap(({ signatures }) => signatures),
    unreadable: found.flatMap((each) => each.unreadable),
  };
}

function described(
  { format, stored, bundle }: Candidate,
  subject: Digest,
  platform: string | undefined,
): FoundSignature {
  const leaf = leafCertificate(bundle);
  const predicateType = predicateTypeOf(bundle);
  const identity = leaf && identityOf(leaf);
  const certificate = leaf && certificatePem(leaf);
  return {
    subject,
    ...(platform !== undefined && { platform }),
    format,
    stored,
    ...(predicateType !== undefined && { predicateType }),
    ...(identity && { identity }),
    ...(certificate !== undefined && { certificate }),
    logEntries: logEntriesOf(bundle),
  };
}

function unreadable({ unusable, unread }: Findings, subject: Digest): UnreadableSignature[] {
  return [...unusable, ...unread].map(({ stored, reason }) => ({ subject, stored, reason }));
}

/** A certificate that is not for signing has no identity. */
function identityOf(leaf: Buffer): CertificateIdentity | undefined {
  try {
    return readSignerCertificate(leaf);
  } catch {
    return undefined;
  }
}

function predicateTypeOf({ content }: Candidate['bundle']): string | undefined {
  if (content.$case !== 'dsseEnvelope') return undefined;
  try {
    const statement = parseBoundedJson(content.dsseEnvelope.payload.toString('utf8'));
    const { predicateType } = statement as { readonly predicateType?: unknown };
    return typeof predicateType === 'string' ? predicateType : undefined;
  } catch {
    return undefined;
  }
}
