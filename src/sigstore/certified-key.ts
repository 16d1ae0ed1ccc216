import { X509Certificate, generateKeyPairSync, sign } from 'node:crypto';

import { SignedImageError } from '../error';
import { redactSecrets } from '../error/redaction';
import { type CertificateIdentity, certificateIdentity } from './certificate-identity';
import { requestCertificate } from './fulcio-client';
import { type ServiceCallOptions, causesOf, isRefusal } from '../http/service-call';
import { challengeOf } from './token-claims';

/** The certificate authority, for messages. */
export interface Authority {
  readonly url: string;
  readonly property: string;
}

/** A key that Fulcio certified. It exists only in this object, which can sign but does not expose it. */
export interface CertifiedKey {
  /** PEM of the leaf certificate. */
  readonly certificate: string;
  /** The identity in it; `undefined` if it does not contain one in Fulcio's format. */
  readonly identity: CertificateIdentity | undefined;
  /** The certificate's validity, by the authority's clock. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** ECDSA P-256 with SHA-256, DER. */
  sign(data: Buffer): Buffer;
}

function fulcioError(
  { url, property }: Authority,
  problem: string,
  cause?: Error,
): SignedImageError {
  return new SignedImageError({
    code: 'FULCIO_FAILED',
    property,
    message: `the certificate authority ${url} ${problem}`,
    cause,
  });
}

/** Fulcio returns 400 or 401 for a token that it cannot verify, or whose issuer is not configured. */
function describeFailure(error: unknown, authority: Authority, token: string): SignedImageError {
  const cause = redactSecrets(error, [token]);
  const advice = isRefusal(cause)
    ? '; the identity token must come from an issuer that it trusts, with the audience that it expects (keyless.clientId)'
    : '';
  return fulcioError(authority, `did not issue a certificate (${causesOf(cause)})${advice}`, cause);
}

interface Leaf {
  readonly pem: string;
  readonly certificate: X509Certificate;
}

/** Signatures with a certificate for another key could not be verified, so this is checked at once. */
function checkLeaf(pem: unknown, publicKey: string, authority: Authority): Leaf {
  try {
    if (typeof pem === 'string') {
      const certificate = new X509Certificate(pem);
      const certified = certificate.publicKey.export({ type: 'spki', format: 'pem' });
      if (certified === publicKey) return { pem, certificate };
    }
  } catch {
    // Not a certificate.
  }
  throw fulcioError(authority, 'did not return a certificate for the key in the request');
}

function identityOf(pem: string): CertificateIdentity | undefined {
  try {
    return certificateIdentity(pem);
  } catch {
    return undefined;
  }
}

/**
 * Generates a key and requests a certificate for the token's identity.
 *
 * @throws SignedImageError `FULCIO_FAILED` on the authority's property, `IDENTITY_TOKEN_INVALID`.
 *   Neither they nor their causes contain the token.
 */
export async function requestCertifiedKey(
  authority: Authority,
  token: string,
  call?: ServiceCallOptions,
): Promise<CertifiedKey> {
  const challenge = challengeOf(token);
  const { privateKey, publicKey: publicKeyObject } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  });
  const publicKey = String(publicKeyObject.export({ type: 'spki', format: 'pem' }));
  const proof = sign('sha256', Buffer.from(challenge), privateKey);
  let chain: readonly unknown[];
  try {
    chain = await requestCertificate(authority.url, { token, publicKey, proof }, call);
  } catch (error) {
    throw describeFailure(error, authority, token);
  }
  const { pem, certificate } = checkLeaf(chain[0], publicKey, authority);
  return {
    certificate: pem,
    identity: identityOf(pem),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    sign: (data) => sign('sha256', data, privateKey),
  };
}
