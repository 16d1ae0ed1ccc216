import { SignedImageError } from '../error';
import type { CheckFresh } from '../sign/reuse';
import { type ReusePolicy, trustOnly } from './signer-trust';

/**
 * Verifies what was just made, before it is stored. A witness may answer with something that is
 * about the signature and does not verify; kept, it would pass for signed until somebody looks.
 */
export function createFreshCheck(policy: ReusePolicy): CheckFresh {
  return (fresh, signer) => {
    const verdict = trustOnly(signer, policy).check(fresh);
    if (!('failure' in verdict)) return;
    throw new SignedImageError({
      code: 'VERIFY_SIGNATURE_INVALID',
      message: `the new signature is not stored, because nobody could verify it: ${verdict.failure.reason}. Run again; if it stays so, the trusted root is not the one of the services that were asked`,
    });
  };
}
