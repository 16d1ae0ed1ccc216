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

export interface ManifestReport {
  readonly digest: Digest;
  /** Absent if only its signatures were read. */
  readonly mediaType?: string;
  /** `os/architecture[/variant]`; absent for the index and for a single image. */
  readonly platform?: string;
  readonly parts: readonly PartReport[];
}

export interface VerificationReport {
  readonly verified: boolean;
  readonly digest: Digest;
  /** Only in reports of `verifyImage`. */
  readonly imageRef?: VerifiedImageReference;
  /** The image or index first, then its platform manifests. */
  readonly manifests: readonly ManifestReport[];
  /** The signer of the image (of the index, for several platforms). */
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
