import type { Statement } from '../attest/statement';
import type { RegistryClient } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import type { Repository } from '../oci/reference';
import type { SignatureFormat, StoredSignature } from '../storage/signature';
import type { SigningMaterial } from '../key/signer';

/** One thing to sign on one manifest (the index or a platform manifest). */
export interface SigningTarget {
  readonly manifest: Descriptor;
  /** Signed with the image, in both formats. Empty for none. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Signed and stored like the signature; `undefined` where provenance is disabled. */
  readonly provenance: Statement | undefined;
}

export interface SignImageRequest {
  readonly repository: Repository;
  readonly targets: readonly SigningTarget[];
  readonly format: SignatureFormat;
  readonly material: SigningMaterial;
}

/** A signature that was wanted, as it now stands in the registry. */
export interface SettledSignature extends StoredSignature {
  /** Whether this run made it; else it was there already. */
  readonly made: boolean;
}

/** Is told what a signing run does with the registry, so that a run that fails is known as well. */
export interface SigningObserver {
  /** It is about to be written: a failure from here on may leave it in the registry. */
  readonly writing?: (signature: StoredSignature) => void;
  /** It stands in the registry. */
  readonly settled?: (signature: SettledSignature) => void;
}

/** Progress that is worth a status line: never a secret, never bytes. */
export type Progress = (message: string) => void;

export type SignImage = (
  request: SignImageRequest,
  client: RegistryClient,
  progress?: Progress,
) => Promise<readonly SettledSignature[]>;
