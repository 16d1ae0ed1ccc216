import { X509Certificate, generateKeyPairSync, sign } from 'node:crypto';

import { SignedImageError } from '../error';
import { redactSecrets } from '../error/redaction';
import { type CertificateIdentity, certificateIdentity } from './certificate-identity';
import { requestCertificate } from './fulcio-client';
import { type ServiceCallOptions, causesOf, isRefusal } from '../http/service-call';
import { challengeOf } from './token-claims';

/** The certificate authority, as errors name it. */
export interface Authority {
  readonly url: string;
  readonly property: string;
}

/** A key that Fulcio certified. It is in this object only: it can sign, and it cannot be read. */
export interface CertifiedKey {
  /** PEM of the leaf. */
  readonly certificate: string;
  /** Who it names; `undefined` where it names nobody in Fulcio's way. */
  readonly identity: CertificateIdentity | undefined;
  /** The certificate's own times, which are the authority's clock. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** ECDSA P-256 with SHA-256, DER. */
  sign(data: Buffer): Buffer;
}

function fulcioError({ url, property }: Authority, what: string, cause?: Error): SignedImageError {
  return new SignedImageError({
    code: 'FULCIO_FAILED',
    property,
    message: `the certificate authority ${url} ${what}`,
    cause,
  });
}

/** Fulcio says 400 or 401 to a token that it cannot verify, or whose issuer it does not know. */
function describeFailure(error: unknown, authority: Authority, token: string): SignedImageError {
  const cause = redactSecrets(error, [token]);
  const advice = isRefusal(cause)
    ? '; the identity token must come from an issuer that it knows, with the audience that it expects (keyless.clientId)'
    : '';
  return fulcioError(authority, `did not issue a certificate (${causesOf(cause)})${advice}`, cause);
}

interface Leaf {
  readonly pem: string;
  readonly certificate: X509Certificate;
}

/** A certificate for another key would make a signature that nobody can verify: say so at once. */
function checkLeaf(pem: unknown, publicKey: string, authority: Authority): Leaf {
  try {
    if (typeof pem === 'string') {
      const certificate = new X509Certificate(pem);
      const certified = certificate.publicKey.export({ type: 'spki', format: 'pem' });
      if (certified === publicKey) return { pem, certificate };
    }
  } catch {
    // Not a certificate at all.
  }
  throw fulcioError(
    authority,
    'answered with something else than a certificate for the key that asked',
  );
}

function identityOf(pem: string): CertificateIdentity | undefined {
  try {
    return certificateIdentity(pem);
  } catch {
    return undefined;
  }
}

/**
 * Makes a key and has it certified for the token's identity.
 *
 * @throws SignedImageError `FULCIO_FAILED` on the authority's property, `IDENTITY_TOKEN_INVALID`.
 *   The token is in none of them, nor in their causes.
 */
export async function requestCertifiedKey(
  authority: Authority,
  token: string,
  call?: ServiceCallOptions,
): Promise<CertifiedKey> {
  const challenge = challengeOf(token);
  const { privateKey, publicKey: publicHalf } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = String(publicHalf.export({ type: 'spki', format: 'pem' }));
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
