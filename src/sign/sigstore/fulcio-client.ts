import { setTimeout as delay } from 'node:timers/promises';

import { EnvHttpProxyAgent, request } from 'undici';

import { type ServiceCallOptions, fetchOptions } from './service-call';

/** What Fulcio certifies, and the proof that the caller holds the key. */
export interface CertificateRequest {
  readonly token: string;
  /** PEM. */
  readonly publicKey: string;
  /** Signature of the token's subject with that key. */
  readonly proof: Buffer;
}

/** Fulcio's answer was no certificate. Its message is foreign text. */
export class FulcioRefusal extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(`(${statusCode}) ${message}`);
  }
}

const ANSWER_LIMIT = 1024 * 1024;
const TRIED_AGAIN = (status: number): boolean => status === 408 || status === 429 || status >= 500;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/**
 * Asks for a certificate: https://github.com/sigstore/fulcio/blob/main/fulcio.proto. No redirect is
 * followed, because the identity token is in the request's body and would go with it.
 *
 * @returns the chain, leaf first, as Fulcio wrote it
 * @throws FulcioRefusal, or the error of the connection; either may repeat the token
 */
export async function requestCertificate(
  url: string,
  asked: CertificateRequest,
  call?: ServiceCallOptions,
): Promise<readonly unknown[]> {
  const { timeout, retry } = fetchOptions(call);
  const dispatcher = new EnvHttpProxyAgent({ connect: { timeout } });
  try {
    for (let tries = 0; ; tries += 1) {
      const last = tries >= retry.retries;
      let wait = Math.min(retry.minTimeout * retry.factor ** tries, retry.maxTimeout);
      try {
        const answer = await post(url, asked, dispatcher, timeout);
        if (last || !TRIED_AGAIN(answer.status)) return chainOf(answer);
        wait = Math.min(secondsOf(answer.retryAfter) ?? wait, retry.maxTimeout);
      } catch (error) {
        if (last || error instanceof FulcioRefusal) throw error;
      }
      await delay(wait);
    }
  } finally {
    await dispatcher.destroy();
  }
}

async function post(
  url: string,
  { token, publicKey, proof }: CertificateRequest,
  dispatcher: EnvHttpProxyAgent,
  timeout: number,
): Promise<Answer> {
  const { statusCode, headers, body } = await request(`${url}/api/v2/signingCert`, {
    method: 'POST',
    dispatcher,
    signal: AbortSignal.timeout(timeout),
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      credentials: { oidcIdentityToken: token },
      publicKeyRequest: {
        publicKey: { algorithm: 'ECDSA', content: publicKey },
        proofOfPossession: proof.toString('base64'),
      },
    }),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > ANSWER_LIMIT) throw new FulcioRefusal(statusCode, 'its answer is too long');
    chunks.push(chunk as Buffer);
  }
  const retryAfter = headers['retry-after'];
  return {
    status: statusCode,
    retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function secondsOf(retryAfter: string | undefined): number | undefined {
  return retryAfter !== undefined && /^\d+$/.test(retryAfter.trim())
    ? Number(retryAfter) * 1000
    : undefined;
}

interface SigningCertificate {
  readonly message?: unknown;
  readonly signedCertificateEmbeddedSct?: { readonly chain?: Chain };
  readonly signedCertificateDetachedSct?: { readonly chain?: Chain };
}
interface Chain {
  readonly certificates?: unknown;
}

function chainOf({ status, body }: Answer): readonly unknown[] {
  if (status >= 300 && status < 400) {
    throw new FulcioRefusal(status, 'it redirects, and the identity token is sent nowhere else');
  }
  const answer = parsed(body);
  if (status >= 400) {
    const said = typeof answer?.message === 'string' ? answer.message : '';
    throw new FulcioRefusal(status, said.slice(0, 1000) || 'it does not say why');
  }
  const { chain } =
    answer?.signedCertificateEmbeddedSct ?? answer?.signedCertificateDetachedSct ?? {};
  return Array.isArray(chain?.certificates) ? chain.certificates : [];
}

function parsed(body: string): SigningCertificate | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
