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
  /** The input property of the URL. Default: `sigstore.fulcioUrl`. */
  readonly property?: string;
  readonly identityProvider: Pick<IdentityProvider, 'getToken' | 'lastToken'>;
  readonly call?: ServiceCallOptions;
  /** The certificates of the run. Default: each signature has a key and a certificate of its own. */
  readonly certificates?: CertificateCache | undefined;
}

/** A signer with a key that lives only as long as its certificate. */
export interface KeylessSigner extends Signer {
  /** PEM of the leaf certificate of the last signature; `undefined` before the first. */
  readonly certificate: string | undefined;
  /** The identity in that certificate. */
  readonly certificateIdentity: CertificateIdentity | undefined;
  /** Whether a certificate is cached, so that signing does not need a token now. */
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
      message: `the identity token could not be obtained (${causesOf(cause)})`,
    });
  }
}

/** The clocks of services differ, and logs return the time in whole seconds. */
const CLOCK_SKEW_MS = 10_000;

/**
 * Returns how long a certificate must remain valid to make another signature with it: a log or a
 * timestamp authority must receive the signature before it expires, and for a legacy provenance the
 * requests are sent one after the other.
 */
function marginOf(call: ServiceCallOptions | undefined): number {
  return 2 * longestCall(call) + CLOCK_SKEW_MS;
}

/**
 * Creates a signer with certificates of Fulcio: one for each signature, or, with a certificate cache,
 * one for as many signatures as can be made within its validity.
 *
 * Its `sign` rejects with SignedImageError `FULCIO_FAILED`, `IDENTITY_TOKEN_INVALID` or what the
 * identity provider throws. Neither they nor their causes contain the token.
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

  const findCached = (): CertifiedKey | undefined => {
    const token = identityProvider.lastToken?.();
    return token && certificates?.find(bindingOf(token.raw), margin);
  };
  const getCertifiedKey = async (): Promise<CertifiedKey> => {
    const known = findCached();
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
    isCertified: () => findCached() !== undefined,
    async sign(data) {
      const key = await getCertifiedKey();
      last = key;
      const { certificate } = key;
      return { signature: key.sign(data), key: { $case: 'x509Certificate', certificate } };
    },
  };
}
