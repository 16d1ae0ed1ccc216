import { SignedImageError } from '../error';
import { publicKeyFromPem } from '../key/public-key';
import type { SignerDescription } from '../key/signer';
import type { CheckFresh } from '../sign/reuse';
import type { VerificationPolicy } from './policy';
import { SignatureTrust } from './signature-trust';
import type { TrustPolicy } from './trust-policy';

/** The policy for reusing our own signatures. */
export type ReusePolicy = Pick<VerificationPolicy, 'transparency' | 'trustedRoot'>;

/** Returns the part of a policy that trusts exactly one signer. */
export function policyForSigner(signer: SignerDescription, policy: ReusePolicy): TrustPolicy {
  return signer.kind === 'key'
    ? { ...policy, keys: [publicKeyFromPem(signer.publicKey, 'signer.publicKey')], identities: [] }
    : { ...policy, keys: [], identities: [signer] };
}

/** Creates trust in exactly one signer. */
export function trustOnly(signer: SignerDescription, policy: ReusePolicy): SignatureTrust {
  return new SignatureTrust(policyForSigner(signer, policy));
}

/**
 * Creates a check that verifies a new signature before it is stored. A transparency log or timestamp
 * authority may return material that does not verify; if it were stored, the image would appear to be
 * signed until it is verified.
 */
export function createFreshCheck(policy: ReusePolicy): CheckFresh {
  return (fresh, signer) => {
    const verdict = trustOnly(signer, policy).check(fresh);
    if (!('failure' in verdict)) return;
    throw new SignedImageError({
      code: 'VERIFY_SIGNATURE_INVALID',
      message: `the new signature is not stored, because it does not verify: ${verdict.failure.reason}. Run again; if the error persists, the trusted root does not belong to the signing services`,
    });
  };
}
