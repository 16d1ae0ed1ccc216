import type { Statement } from '../attest/statement';
import type { RegistryClient } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import type { Repository } from '../oci/reference';
import type { SignatureFormat, StoredSignature } from '../storage/signature';
import type { SigningMaterial } from '../key/signer';

/** One manifest to sign (the index or a platform manifest). */
export interface SigningTarget {
  readonly manifest: Descriptor;
  /** Signed with the image, in both formats. Empty for none. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Signed and stored like the signature; `undefined` where provenance is disabled. */
  readonly provenance: Statement | undefined;
  /** Further statements about the manifest, each signed and stored like provenance. Default: none. */
  readonly attestations?: readonly Statement[] | undefined;
  /** Whether the image itself is not signed, only the statements. Default: false. */
  readonly statementsOnly?: boolean | undefined;
}

export interface SignImageRequest {
  readonly repository: Repository;
  readonly targets: readonly SigningTarget[];
  readonly format: SignatureFormat;
  /** The reference that the image claims in the legacy format. Default: the repository, as cosign's. */
  readonly signedIdentity?: string | undefined;
  readonly material: SigningMaterial;
}

/** A requested signature, as it is now stored in the registry. */
export interface SettledSignature extends StoredSignature {
  /** Whether this run created it; else it was already stored. */
  readonly made: boolean;
}

/** Called about the writes of a signing run, so that the writes of a failed run are known, too. */
export interface SigningObserver {
  /** The signature is about to be written: a failure from here on may leave it in the registry. */
  readonly writing?: (signature: StoredSignature) => void;
  /** The signature is stored in the registry. */
  readonly settled?: (signature: SettledSignature) => void;
}

/** Receives a status line: never a secret, never binary data. */
export type Progress = (message: string) => void;

export type SignImage = (
  request: SignImageRequest,
  client: RegistryClient,
  progress?: Progress,
) => Promise<readonly SettledSignature[]>;
