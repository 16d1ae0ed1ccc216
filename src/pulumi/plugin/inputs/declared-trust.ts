import {
  loadInstanceRoot,
  publicKeyFromPem,
  type SigningHost,
  type SigstoreConfig,
} from '../../../sign';
import type { Transparency, VerificationPolicy } from '../../../verify';
import type { SignerOutput } from '../../resources/signature-outputs';

type TrustedRoot = NonNullable<VerificationPolicy['trustedRoot']>;

/** The trust material that a verification needs; a key without witnesses needs none. */
export async function trustedRootFor(
  transparency: Transparency,
  keyless: boolean,
  sigstore: SigstoreConfig | undefined,
  host: SigningHost,
): Promise<TrustedRoot | undefined> {
  const declared = sigstore?.trustedRoot ?? sigstore?.clientTrustConfig;
  if (transparency === 'none' && !keyless && declared === undefined) return undefined;
  return loadInstanceRoot(sigstore, host);
}

/** A signer of the state as the one who is trusted. */
export function trustOf(signer: SignerOutput): Pick<VerificationPolicy, 'keys' | 'identities'> {
  const { publicKey, identity, issuer } = signer;
  return {
    keys: publicKey === undefined ? [] : [publicKeyFromPem(publicKey)],
    identities: identity === undefined || issuer === undefined ? [] : [{ identity, issuer }],
  };
}
