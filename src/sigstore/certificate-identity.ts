import { X509Certificate } from '@sigstore/core';

/** The identity in a Fulcio certificate. */
export interface CertificateIdentity {
  readonly identity: string;
  readonly issuer: string;
}

/** https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md: Issuer (V2), a DER UTF8String. */
const ISSUER_V2 = '1.3.6.1.4.1.57264.1.8';
/** Issuer, the deprecated raw string. */
const ISSUER_V1 = '1.3.6.1.4.1.57264.1.1';
/** Fulcio's otherName for `username` issuers. */
const USER_NAME = '1.3.6.1.4.1.57264.1.7';

function issuerOf(certificate: X509Certificate): string | undefined {
  const current = certificate.extension(ISSUER_V2)?.valueObj.subs[0]?.value;
  return (current ?? certificate.extension(ISSUER_V1)?.value)?.toString('utf8');
}

/** Reads the identity of a certificate (PEM); `undefined` if it does not contain one in Fulcio's format. */
export function certificateIdentity(pem: string): CertificateIdentity | undefined {
  const certificate = X509Certificate.parse(pem);
  const identity =
    certificate.subjectAltName ?? certificate.extSubjectAltName?.otherName(USER_NAME);
  const issuer = issuerOf(certificate);
  return identity === undefined || issuer === undefined ? undefined : { identity, issuer };
}
