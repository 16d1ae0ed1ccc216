import type { Signer } from '@sigstore/sign';

import { asSignedImageError } from '../error';
import { redactSecrets } from '../error/redaction';
import type { IdentityProvider } from '../identity/identity-provider';
import { normalizeServiceUrl } from '../http/service-url';
import type { CertificateCache } from './certificate-cache';
import type { CertificateIdentity } from './certificate-identity';
import { type CertifiedKey, requestCertifiedKey } from './certified-key';
import { type ServiceCallOptions, causesOf, longestCall } from '../http/service-call';
import { certificateBinding } from './token-claims';

export interface KeylessSignerOptions {
  readonly fulcioUrl: string;
  /** The declared property that it comes from. Default: `sigstore.fulcioUrl`. */
  readonly property?: string;
  readonly identityProvider: Pick<IdentityProvider, 'getToken' | 'lastToken'>;
  readonly call?: ServiceCallOptions;
  /** The certificates of the run. Default: each signature has a key and a certificate of its own. */
  readonly certificates?: CertificateCache | undefined;
}

/** A signer whose key is as short-lived as its certificate. */
export interface KeylessSigner extends Signer {
  /** PEM of the leaf certificate of the last signature; `undefined` before the first. */
  readonly certificate: string | undefined;
  /** Who that certificate names. */
  readonly certificateIdentity: CertificateIdentity | undefined;
  /** Whether a certificate is at hand, so that no token is needed to sign now. */
  isCertified(): boolean;
}

async function tokenOf({
  identityProvider,
}: Pick<KeylessSignerOptions, 'identityProvider'>): Promise<string> {
  try {
    return await identityProvider.getToken();
  } catch (error) {
    const cause = redactSecrets(error, []);
    throw asSignedImageError(cause, {
      code: 'IDENTITY_UNAVAILABLE',
      property: 'keyless',
      message: `no identity token could be had (${causesOf(cause)})`,
    });
  }
}

/** Services differ in their clocks, and a log says the time in whole seconds. */
const CLOCKS_DIFFER_MS = 10_000;

/**
 * How long a certificate must be valid for another signature to be made with it: a log or an
 * authority must have seen the signature by its end, and for a legacy provenance one is asked
 * after the other.
 */
function marginOf(call: ServiceCallOptions | undefined): number {
  return 2 * longestCall(call) + CLOCKS_DIFFER_MS;
}

/**
 * A signer that is certified by Fulcio: anew for each signature, or, with the certificates of a run,
 * for as many as can be made within the validity of one.
 *
 * Its `sign` rejects with SignedImageError `FULCIO_FAILED`, `IDENTITY_TOKEN_INVALID` or what the
 * identity provider throws. The token is in none of them, nor in their causes.
 */
export function createKeylessSigner({
  fulcioUrl,
  property = 'sigstore.fulcioUrl',
  identityProvider,
  call,
  certificates,
}: KeylessSignerOptions): KeylessSigner {
  const authority = { url: normalizeServiceUrl(fulcioUrl), property };
  const margin = marginOf(call);
  const bindingOf = (token: string): string =>
    certificateBinding([authority.url, authority.property], token);

  const atHand = (): CertifiedKey | undefined => {
    const token = identityProvider.lastToken?.();
    return token && certificates?.find(bindingOf(token.raw), margin);
  };
  const certified = async (): Promise<CertifiedKey> => {
    const known = atHand();
    if (known) return known;
    const token = await tokenOf({ identityProvider });
    const issue = (): Promise<CertifiedKey> => requestCertifiedKey(authority, token, call);
    return certificates ? certificates.obtain(bindingOf(token), margin, issue) : issue();
  };

  let last: CertifiedKey | undefined;
  return {
    get certificate() {
      return last?.certificate;
    },
    get certificateIdentity() {
      return last?.identity;
    },
    isCertified: () => atHand() !== undefined,
    async sign(data) {
      const key = await certified();
      last = key;
      const { certificate } = key;
      return { signature: key.sign(data), key: { $case: 'x509Certificate', certificate } };
    },
  };
}
