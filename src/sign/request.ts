import type { SerializedBundle } from '@sigstore/bundle';

import type { Statement } from '../attest/statement';
import type { RegistryClient } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import type { Digest } from '../oci/digest';
import type { Repository } from '../oci/reference';
import type { SigningMaterial } from '../key/signer';

/**
 * How a signature is stored. `bundle`: a Sigstore bundle v0.3 as OCI 1.1 referrer (cosign >= 3).
 * `legacy`: cosign's `.sig` and `.att` tags. `both`: each of them.
 */
export type SignatureFormat = 'bundle' | 'legacy' | 'both';
export type StoredFormat = Exclude<SignatureFormat, 'both'>;
export type Purpose = 'signature' | 'provenance';

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

/** One signature as it now stands in the registry. Public data, all of it. */
export interface StoredSignature {
  /** The manifest that was signed. */
  readonly subject: Digest;
  readonly purpose: Purpose;
  readonly format: StoredFormat;
  /** Digest of the referrer manifest (`bundle`), or of the signature's layer (`legacy`). */
  readonly stored: Digest;
  /** The bundle's JSON: v0.3 as stored; for `legacy` its equivalent, so that both can be kept and read alike. */
  readonly bundle: SerializedBundle;
  /** PEM of the Fulcio leaf, for keyless. */
  readonly certificate?: string;
  readonly logEntries: readonly LogEntry[];
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

export interface LogEntry {
  /** Base URL of the log that was asked. */
  readonly logIndex: string;
  /** Base64 of the log's key id. */
  readonly logId: string;
  /** Whole seconds since 1970; absent for logs that give none (Rekor v2). */
  readonly integratedTime?: number;
}

/** Progress that is worth a status line: never a secret, never bytes. */
export type Progress = (message: string) => void;

export type SignImage = (
  request: SignImageRequest,
  client: RegistryClient,
  progress?: Progress,
) => Promise<readonly SettledSignature[]>;
