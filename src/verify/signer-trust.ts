import type { SignerDescription } from '../key/signer';
import { publicKeyFromPem } from '../key/public-key';
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
