import { X509Certificate, verify } from 'node:crypto';

import { FulcioSigner, InternalError, type Signature, type Signer } from '@sigstore/sign';

import { SignedImageError, asSignedImageError } from '../../error';
import { redactSecrets } from '../../redaction';
import type { IdentityProvider } from '../identity/identity-provider';
import { normalizeServiceUrl } from '../service-url';
import { type CertificateIdentity, certificateIdentity } from './certificate-identity';
import { type ServiceCallOptions, causesOf, fetchOptions, statusOf } from './service-call';

export interface KeylessSignerOptions {
  readonly fulcioUrl: string;
  readonly identityProvider: Pick<IdentityProvider, 'getToken'>;
  readonly call?: ServiceCallOptions;
}

/** A signer with a fresh key and certificate for each signature. */
export interface KeylessSigner extends Signer {
  /** PEM of the leaf certificate of the last signature; `undefined` before the first. */
  readonly certificate: string | undefined;
  /** Who that certificate names. */
  readonly certificateIdentity: CertificateIdentity | undefined;
}

function fulcioError(url: string, what: string, cause?: Error): SignedImageError {
  return new SignedImageError({
    code: 'FULCIO_FAILED',
    property: 'sigstore.fulcioUrl',
    message: `the certificate authority ${url} ${what}`,
    cause,
  });
}

/** Fulcio says 400 or 401 to a token that it cannot verify, or whose issuer it does not know. */
function isRefusal(error: Error): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function describeFailure(error: unknown, url: string, tokens: readonly string[]): SignedImageError {
  const cause = redactSecrets(error, tokens);
  const code = error instanceof InternalError ? error.code : undefined;
  if (code === 'IDENTITY_TOKEN_READ_ERROR') {
    // The identity provider's own error, which the library wrapped.
    return asSignedImageError(cause.cause, {
      code: 'IDENTITY_UNAVAILABLE',
      property: 'keyless',
      message: `no identity token could be had (${causesOf(cause)})`,
    });
  }
  if (code === 'IDENTITY_TOKEN_PARSE_ERROR') {
    return new SignedImageError({
      code: 'IDENTITY_TOKEN_INVALID',
      property: 'keyless',
      message:
        'the identity token cannot be read: it needs a subject, or an e-mail address that its issuer verified',
      cause,
    });
  }
  const advice = isRefusal(cause)
    ? '; the identity token must come from an issuer that it knows, with the audience that it expects (keyless.clientId)'
    : '';
  return fulcioError(url, `did not issue a certificate (${causesOf(cause)})${advice}`, cause);
}

/** A certificate for another key would make a signature that nobody can verify: say so at once. */
function checkCertificate({ signature, key }: Signature, data: Buffer, url: string): string {
  const pem = key.$case === 'x509Certificate' ? key.certificate : undefined;
  let certifies = false;
  try {
    certifies =
      pem !== undefined && verify('sha256', data, new X509Certificate(pem).publicKey, signature);
  } catch {
    // Not a certificate at all.
  }
  if (!certifies || pem === undefined)
    throw fulcioError(
      url,
      'answered with something else than a certificate for the key that asked',
    );
  return pem;
}

/**
 * A signer whose key lives for one signature and is certified by Fulcio.
 *
 * Its `sign` rejects with SignedImageError `FULCIO_FAILED`, `IDENTITY_TOKEN_INVALID` or what the
 * identity provider throws. The token is in none of them, nor in their causes: the library below
 * prints it.
 */
export function createKeylessSigner({
  fulcioUrl,
  identityProvider,
  call,
}: KeylessSignerOptions): KeylessSigner {
  const url = normalizeServiceUrl(fulcioUrl);
  const tokens = new Set<string>();
  const fulcio = new FulcioSigner({
    fulcioBaseURL: url,
    ...fetchOptions(call),
    identityProvider: {
      async getToken() {
        const token = await identityProvider.getToken();
        tokens.add(token);
        return token;
      },
    },
  });
  let certificate: string | undefined;
  return {
    get certificate() {
      return certificate;
    },
    get certificateIdentity() {
      return certificate === undefined ? undefined : certificateIdentity(certificate);
    },
    async sign(data) {
      let signed: Signature;
      try {
        signed = await fulcio.sign(data);
      } catch (error) {
        throw describeFailure(error, url, [...tokens]);
      }
      certificate = checkCertificate(signed, data, url);
      return signed;
    },
  };
}
