import type { Statement } from '../attest/statement';
import type { RegistryClient } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import type { Repository } from '../oci/reference';
import type { Candidate } from '../storage/candidate';
import type { SignerDescription } from '../key/signer';
import type { Purpose, StoredFormat, StoredSignature } from '../storage/signature';

/** A signature that is about to be made, unless it is there already. */
export interface WantedSignature {
  readonly repository: Repository;
  /** The manifest to sign. */
  readonly subject: Descriptor;
  readonly purpose: Purpose;
  readonly format: StoredFormat;
  /** Signed with the image; exactly these must be there. */
  readonly annotations: Readonly<Record<string, string>>;
  /** For `provenance`: what is to be signed. */
  readonly provenance: Statement | undefined;
  /** Nobody else's signature counts. */
  readonly signer: SignerDescription;
}

/**
 * Looks for a stored signature that says the same, is valid, and is by the same signer. It is made
 * by `verify`, which signing does not know.
 *
 * It rejects where it could not look, so that a signature that may be there is not made twice.
 */
export type FindSignature = (
  wanted: WantedSignature,
  client: RegistryClient,
) => Promise<StoredSignature | undefined>;

/**
 * Verifies a signature that was just made. Like the finder it is made by `verify`.
 *
 * @throws SignedImageError `VERIFY_SIGNATURE_INVALID`
 */
export type CheckFresh = (fresh: Candidate, signer: SignerDescription) => void;
