import type { Instance } from './instance';
import type { SignerKind } from './plan';

/** How images are signed: with the key of the benchmark, or keyless. */
export interface Signer {
  readonly kind: SignerKind;
  readonly keyless: boolean;
  /** The services that issue the certificates and log the signatures; without it: a key and no log. */
  readonly instance?: Instance;
}

export const keySigner: Signer = { kind: 'key', keyless: false };

/** A signer of this kind, with these services if it needs any. */
export function signerOf(kind: SignerKind, instance: Instance): Signer {
  return kind === 'key' ? keySigner : { kind, keyless: kind !== 'key and log', instance };
}
