import { X509Certificate, generateKeyPairSync, sign } from 'node:crypto';

import type { Signer } from '@sigstore/sign';

import { SignedImageError, asSignedImageError } from '../../error';
import { redactSecrets } from '../../redaction';
import type { IdentityProvider } from '../identity/identity-provider';
import { normalizeServiceUrl } from '../service-url';
import { type CertificateIdentity, certificateIdentity } from './certificate-identity';
import { requestCertificate } from './fulcio-client';
import { type ServiceCallOptions, causesOf, statusOf } from './service-call';

export interface KeylessSignerOptions {
  readonly fulcioUrl: string;
  /** The declared property that it comes from. Default: `sigstore.fulcioUrl`. */
  readonly property?: string;
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

/** The certificate authority, as errors name it. */
interface Authority {
  readonly url: string;
  readonly property: string;
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
function isRefusal(error: Error): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function describeFailure(error: unknown, authority: Authority, token: string): SignedImageError {
  const cause = redactSecrets(error, [token]);
  const advice = isRefusal(cause)
    ? '; the identity token must come from an issuer that it knows, with the audience that it expects (keyless.clientId)'
    : '';
  return fulcioError(authority, `did not issue a certificate (${causesOf(cause)})${advice}`, cause);
}

/**
 * What is signed to show that the key is the caller's: the verified e-mail address, else the
 * subject. https://github.com/sigstore/fulcio/blob/main/docs/how-certificate-issuing-works.md
 */
function challengeOf(token: string): string {
  try {
    const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { email, email_verified: verified, sub } = JSON.parse(text) as Record<string, unknown>;
    const challenge = email ? verified && email : sub;
    if (typeof challenge === 'string' && challenge !== '') return challenge;
  } catch {
    // Said below. The parser's error would quote the token.
  }
  throw new SignedImageError({
    code: 'IDENTITY_TOKEN_INVALID',
    property: 'keyless',
    message:
      'the identity token cannot be read: it needs a subject, or an e-mail address that its issuer verified',
  });
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

/** A certificate for another key would make a signature that nobody can verify: say so at once. */
function checkCertificate(pem: unknown, publicKey: string, authority: Authority): string {
  let certifies = false;
  try {
    const certificate = typeof pem === 'string' ? new X509Certificate(pem) : undefined;
    certifies = certificate?.publicKey.export({ type: 'spki', format: 'pem' }) === publicKey;
  } catch {
    // Not a certificate at all.
  }
  if (!certifies || typeof pem !== 'string')
    throw fulcioError(
      authority,
      'answered with something else than a certificate for the key that asked',
    );
  return pem;
}

/**
 * A signer whose key lives for one signature and is certified by Fulcio.
 *
 * Its `sign` rejects with SignedImageError `FULCIO_FAILED`, `IDENTITY_TOKEN_INVALID` or what the
 * identity provider throws. The token is in none of them, nor in their causes.
 */
export function createKeylessSigner({
  fulcioUrl,
  property = 'sigstore.fulcioUrl',
  identityProvider,
  call,
}: KeylessSignerOptions): KeylessSigner {
  const url = normalizeServiceUrl(fulcioUrl);
  const authority = { url, property };
  let certificate: string | undefined;
  return {
    get certificate() {
      return certificate;
    },
    get certificateIdentity() {
      return certificate === undefined ? undefined : certificateIdentity(certificate);
    },
    async sign(data) {
      const token = await tokenOf({ identityProvider });
      const challenge = challengeOf(token);
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const publicKey = String(pair.publicKey.export({ type: 'spki', format: 'pem' }));
      const proof = sign('sha256', Buffer.from(challenge), pair.privateKey);
      let chain: readonly unknown[];
      try {
        chain = await requestCertificate(url, { token, publicKey, proof }, call);
      } catch (error) {
        throw describeFailure(error, authority, token);
      }
      const leaf = checkCertificate(chain[0], publicKey, authority);
      certificate = leaf;
      return {
        signature: sign('sha256', data, pair.privateKey),
        key: { $case: 'x509Certificate', certificate: leaf },
      };
    },
  };
}
