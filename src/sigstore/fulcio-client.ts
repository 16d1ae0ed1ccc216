import type { ServiceCallOptions } from '../http/service-call';
import { askService, jsonOf, refusalOf } from './service-request';

/** What Fulcio certifies, and the proof that the caller holds the key. */
export interface CertificateRequest {
  readonly token: string;
  /** PEM. */
  readonly publicKey: string;
  /** Signature of the token's subject with that key. */
  readonly proof: Buffer;
}

interface Chain {
  readonly certificates?: unknown;
}
interface SigningCertificate {
  readonly signedCertificateEmbeddedSct?: { readonly chain?: Chain };
  readonly signedCertificateDetachedSct?: { readonly chain?: Chain };
}

/**
 * Asks for a certificate: https://github.com/sigstore/fulcio/blob/main/fulcio.proto
 *
 * @returns the chain, leaf first, as Fulcio wrote it
 * @throws ServiceRefusal, or the error of the connection; either may repeat the token
 */
export async function requestCertificate(
  url: string,
  { token, publicKey, proof }: CertificateRequest,
  call?: ServiceCallOptions,
): Promise<readonly unknown[]> {
  const json = {
    credentials: { oidcIdentityToken: token },
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: publicKey },
      proofOfPossession: proof.toString('base64'),
    },
  };
  const answer = await askService({ method: 'POST', url: `${url}/api/v2/signingCert`, json }, call);
  if (answer.status >= 400) throw refusalOf(answer);
  const body = (jsonOf(answer) ?? {}) as SigningCertificate;
  const { chain } = body.signedCertificateEmbeddedSct ?? body.signedCertificateDetachedSct ?? {};
  return Array.isArray(chain?.certificates) ? chain.certificates : [];
}
