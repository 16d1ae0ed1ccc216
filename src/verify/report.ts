import type { ErrorCode } from '../error';
import type { RegistryClient } from '../oci/client';
import type { Digest } from '../oci/digest';
import type { Repository } from '../oci/reference';
import type { SignerDescription } from '../key/signer';
import type { LogEntry, StoredFormat } from '../storage/signature';
import type { VerificationPolicy } from './policy';

declare const verifiedBrand: unique symbol;

/** `host/repo@sha256:...` that came out of a verification, and from nowhere else. */
export type VerifiedImageReference = string & {
  readonly [verifiedBrand]: 'VerifiedImageReference';
};

/** The four answers: `unavailable` is "could not look", and never means "not signed". */
export type PartStatus = 'present' | 'missing' | 'invalid' | 'unavailable';

/** What was found of one part (a signature in one format, or the provenance) on one manifest. */
export interface PartReport {
  readonly purpose: 'signature' | 'provenance';
  readonly format: StoredFormat;
  readonly status: PartStatus;
  /** Why it is not `present`; names the check that failed. */
  readonly reason?: string;
  /** The same for a program; only where it is not `present`. */
  readonly code?: ErrorCode;
  readonly signer?: SignerDescription;
  readonly logEntries?: readonly LogEntry[];
  /** Digest of what was verified: referrer manifest or layer. */
  readonly stored?: Digest;
}

export interface ManifestReport {
  readonly digest: Digest;
  /** Absent where only its signatures were looked at. */
  readonly mediaType?: string;
  /** `os/architecture[/variant]`; absent for the index and for a single image. */
  readonly platform?: string;
  readonly parts: readonly PartReport[];
}

export interface VerificationReport {
  readonly verified: boolean;
  readonly digest: Digest;
  /** Only in what `verifyImage` returns. */
  readonly imageRef?: VerifiedImageReference;
  /** The image or index first, then its platform manifests. */
  readonly manifests: readonly ManifestReport[];
  /** Who signed the image (the index, for several platforms). */
  readonly signer?: SignerDescription;
  /** The signed pairs of that signature, all of them. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The verified provenance predicate of the image, if one was asked for. */
  readonly provenance?: unknown;
}

/** Looks at everything and reports; throws only where the image itself cannot be read. */
export type InspectImage = (
  repository: Repository,
  digest: Digest,
  policy: VerificationPolicy,
  client: RegistryClient,
) => Promise<VerificationReport>;

/** `inspectImage`, and an error (`VERIFY_*`) unless all of the policy is met. */
export type VerifyImage = InspectImage;
