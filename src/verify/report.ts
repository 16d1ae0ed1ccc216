import type { ErrorCode } from '../error';
import type { RegistryClient } from '../oci/client';
import type { Digest } from '../oci/digest';
import type { Repository } from '../oci/reference';
import type { SignerDescription } from '../key/signer';
import type { LogEntry, Purpose, StoredFormat } from '../storage/signature';
import type { VerificationPolicy } from './policy';

declare const verifiedBrand: unique symbol;

/** `host/repo@sha256:...`, which only a successful verification returns. */
export type VerifiedImageReference = string & {
  readonly [verifiedBrand]: 'VerifiedImageReference';
};

/** The four results: `unavailable` means that the read failed, and never that the image is unsigned. */
export type PartStatus = 'present' | 'missing' | 'invalid' | 'unavailable';

/** The result for one part (a signature in one format, or the provenance) of one manifest. */
export interface PartReport {
  readonly purpose: Purpose;
  readonly format: StoredFormat;
  readonly status: PartStatus;
  /** Why it is not `present`: the check that failed. */
  readonly reason?: string;
  /** The same as an error code; only if it is not `present`. */
  readonly code?: ErrorCode;
  readonly signer?: SignerDescription;
  readonly logEntries?: readonly LogEntry[];
  /** Digest of the verified referrer manifest or layer. */
  readonly stored?: Digest;
}

/** The result for one requirement of a policy. */
export interface RequirementReport {
  readonly name: string;
  /** `predicateType` of the required attestation; absent for a signature. */
  readonly predicateType?: string;
  /** How many different signers are required. */
  readonly count: number;
  readonly status: PartStatus;
  /** Why it is not `present`. */
  readonly reason?: string;
  /** The same as an error code; only if it is not `present`. */
  readonly code?: ErrorCode;
  /** What was accepted: one entry for each signer, and for each platform if the image's own digest has none. */
  readonly evidence: readonly EvidenceReport[];
}

/** A verified signature or attestation that was accepted for a requirement. */
export interface EvidenceReport {
  /** The manifest that it is about. */
  readonly subject: Digest;
  readonly signer: SignerDescription;
  readonly format: StoredFormat;
  /** Digest of the referrer manifest or layer. */
  readonly stored: Digest;
  /** RFC 3339: the earliest time that a log entry or a timestamp proves. */
  readonly signedAt?: string;
}

export interface ManifestReport {
  readonly digest: Digest;
  /** Absent if only its signatures were read. */
  readonly mediaType?: string;
  /** `os/architecture[/variant]`; absent for the index and for a single image. */
  readonly platform?: string;
  /** BuildKit's attestation manifests of a platform, if they were needed for a requirement. */
  readonly attestationManifests?: readonly Digest[];
  readonly parts: readonly PartReport[];
}

export interface VerificationReport {
  readonly verified: boolean;
  readonly digest: Digest;
  /** Only in reports of `verifyImage`. */
  readonly imageRef?: VerifiedImageReference;
  /** The image or index first, then its platform manifests. */
  readonly manifests: readonly ManifestReport[];
  /** In the order of the policy; absent if it has none. */
  readonly requirements?: readonly RequirementReport[];
  /**
   * The signer of the image (of the index, for several platforms). Without a signature of the image: of the first
   * evidence.
   */
  readonly signer?: SignerDescription;
  /** The signed pairs of that signature, all of them. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The verified provenance predicate of the image, if the policy requires one. */
  readonly provenance?: unknown;
  /** The first verified attestation of the image, if the policy requires one. */
  readonly attestation?: { readonly predicateType: string; readonly predicate: unknown };
}

/** Verifies everything and reports; throws only if the image itself cannot be read. */
export type InspectImage = (
  repository: Repository,
  digest: Digest,
  policy: VerificationPolicy,
  client: RegistryClient,
) => Promise<VerificationReport>;

/** Like `inspectImage`, but throws an error (`VERIFY_*`) unless the whole policy is met. */
export type VerifyImage = InspectImage;
