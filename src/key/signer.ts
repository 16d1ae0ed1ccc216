import type { Signer, Witness } from '@sigstore/sign';

import type { PublicKey } from './public-key';

/** A signer with a configured key: any of the sources in `key/`. */
export interface KeySigner extends Signer {
  readonly publicKey: PublicKey;
}

/** Who signs, in a form that may be shown and stored. */
export type SignerDescription =
  | { readonly kind: 'key'; readonly keyId: string; readonly publicKey: string }
  | { readonly kind: 'keyless'; readonly identity: string; readonly issuer: string };

/** What vouches for a signature from outside. */
export interface SigningWitness extends Witness {
  /** What it is; one that does not say is asked for signatures only. */
  readonly kind?: 'log' | 'timestamp';
  /** Whether what it says fits into a bundle only, not into the legacy format. Default: false. */
  readonly bundleOnly?: boolean;
}

/** All that a signing run needs: who signs, and who witnesses it. */
export interface SigningMaterial {
  readonly signer: Signer;
  readonly description: SignerDescription;
  /** Rekor and timestamp authority, in the order in which they are asked; empty for none. */
  readonly witnesses: readonly SigningWitness[];
}
