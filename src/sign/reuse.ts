import type { Statement } from '../attest/statement';
import type { RegistryClient } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import type { Repository } from '../oci/reference';
import type { Candidate } from '../storage/candidate';
import type { SignerDescription } from '../key/signer';
import type { Purpose, StoredFormat, StoredSignature } from '../storage/signature';

/** A signature to create, unless it is already stored. */
export interface WantedSignature {
  readonly repository: Repository;
  /** The manifest to sign. */
  readonly subject: Descriptor;
  readonly purpose: Purpose;
  readonly format: StoredFormat;
  /** Signed with the image; a stored signature must have exactly these. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The reference that the image claims in the legacy format; a stored signature must have exactly this. Default: the repository. */
  readonly signedIdentity: string | undefined;
  /** The statement to sign, for `provenance` and `attestation`. */
  readonly statement: Statement | undefined;
  /** Signatures of other signers do not count. */
  readonly signer: SignerDescription;
}

/**
 * Finds a stored signature that is valid and has the same content and the same signer. `verify`
 * implements it, which `sign` does not import.
 *
 * Rejects if the registry cannot be read, so that a signature that may exist is not created twice.
 */
export type FindSignature = (
  wanted: WantedSignature,
  client: RegistryClient,
) => Promise<StoredSignature | undefined>;

/**
 * Verifies a new signature. Like the finder it is implemented by `verify`.
 *
 * @throws SignedImageError `VERIFY_SIGNATURE_INVALID`
 */
export type CheckFresh = (fresh: Candidate, signer: SignerDescription) => void;
