import type { Instance } from './instance';
import type { SignerKind } from './plan';

/** How images are signed: with the key of the world, or keyless. */
export interface Signer {
  readonly kind: SignerKind;
  readonly keyless: boolean;
  /** Whose log has the signatures, and whose certificates they are; none: a key and no log. */
  readonly instance?: Instance;
}

export const keySigner: Signer = { kind: 'key', keyless: false };

/** A signer of this kind, with these services where it needs any. */
export function signerOf(kind: SignerKind, instance: Instance): Signer {
  return kind === 'key' ? keySigner : { kind, keyless: kind !== 'key and log', instance };
}
