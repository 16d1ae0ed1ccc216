import { SignedImageError } from '../error';
import { publicKeyFromPem } from '../key/public-key';
import type { SignerDescription } from '../key/signer';
import type { CheckFresh } from '../sign/reuse';
import type { VerificationPolicy } from './policy';
import { SignatureTrust } from './signature-trust';

/** What makes a signature of ours good enough. */
export type ReusePolicy = Pick<VerificationPolicy, 'transparency' | 'trustedRoot'>;

/** Trust in one signer and nobody else. */
export function trustOnly(signer: SignerDescription, policy: ReusePolicy): SignatureTrust {
  return signer.kind === 'key'
    ? new SignatureTrust({
        ...policy,
        keys: [publicKeyFromPem(signer.publicKey)],
        identities: [],
      })
    : new SignatureTrust({ ...policy, keys: [], identities: [signer] });
}

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
