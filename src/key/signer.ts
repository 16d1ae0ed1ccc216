import type { Signer, Witness } from '@sigstore/sign';

import type { PublicKey } from './public-key';

/** A signer with a key of any of the sources in `key/`. */
export interface KeySigner extends Signer {
  readonly publicKey: PublicKey;
}

/** The signer, without secrets: safe to show and store. */
export type SignerDescription =
  | { readonly kind: 'key'; readonly keyId: string; readonly publicKey: string }
  | { readonly kind: 'keyless'; readonly identity: string; readonly issuer: string };

/** A transparency log or timestamp authority, as `@sigstore/sign` calls it: a witness. */
export interface SigningWitness extends Witness {
  /** Its type; a witness without one receives signatures only. */
  readonly kind?: 'log' | 'timestamp';
  /** Whether its verification material fits into bundles only, not into the legacy format. Default: false. */
  readonly bundleOnly?: boolean;
}

/** The signer of a run, with its transparency logs and timestamp authorities. */
export interface SigningMaterial {
  readonly signer: Signer;
  readonly description: SignerDescription;
  /** Rekor and timestamp authority, in the order of the requests; empty for none. */
  readonly witnesses: readonly SigningWitness[];
}
