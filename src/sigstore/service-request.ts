import { SignedImageError } from '../error';
import { jsonObject, type JsonObject } from '../http/json-body';
import type { HttpResponse } from '../http/message';
import { fetchOptions, type ServiceCallOptions } from '../http/service-call';
import { serviceClient } from '../http/service-client';
import { withServiceRetry } from '../http/service-retry';

/** A service's answer was not what was asked for. Its message is foreign text. */
export class ServiceRefusal extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(`(${statusCode}) ${message}`);
  }
}

export interface ServiceRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Default: `application/json`. */
  readonly accept?: string;
  /** Limit of the answer in bytes. Default: 1 MiB. */
  readonly limit?: number;
}

export type ServiceResponse = Pick<HttpResponse, 'status' | 'body' | 'headers'>;

const ANSWER_LIMIT = 1024 * 1024;

/**
 * Asks a service of Sigstore, and again while it is busy or cannot be reached. No redirect is followed: what
 * is sent may hold an identity token, which would go with it.
 *
 * @throws ServiceRefusal for a redirect and for an answer above its limit; SignedImageError
 *   `INPUT_INVALID` for a proxy that cannot be used; else the error of the connection. Either may repeat
 *   what was sent.
 */
export async function askService(
  { method, url, json, accept = 'application/json', limit = ANSWER_LIMIT }: ServiceRequest,
  call?: ServiceCallOptions,
): Promise<ServiceResponse> {
  const { timeout, retry } = fetchOptions(call);
  const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
  const request = {
    method,
    url: new URL(url),
    headers: { accept, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body }),
    limit,
    timeout,
  };
  const send = serviceClient({ env: process.env });
  const attempt = async (): Promise<HttpResponse> => {
    const response = await send(request);
    const { status } = response;
    if (status < 300 || status >= 400) return response;
    throw new ServiceRefusal(status, 'it redirects, and nothing is sent elsewhere');
  };
  try {
    return await withServiceRetry(
      {
        attempts: retry.retries + 1,
        pause: (made) => Math.min(retry.minTimeout * retry.factor ** (made - 1), retry.maxTimeout),
        longestPause: retry.maxTimeout,
        isTransientError: (error) => !(error instanceof ServiceRefusal || isOurRefusal(error)),
      },
      attempt,
    );
  } catch (error) {
    const isTooLong = error instanceof SignedImageError && error.code === 'CONTENT_TOO_LARGE';
    throw isTooLong ? new ServiceRefusal(200, 'its answer is too long') : error;
  }
}

/** Refused here, so that another attempt would be too. */
function isOurRefusal(error: unknown): boolean {
  return (
    error instanceof SignedImageError &&
    (error.code === 'CONTENT_TOO_LARGE' || error.code === 'INPUT_INVALID')
  );
}

/** The JSON object of an answer; `undefined` for anything else. */
export function jsonOf({ body }: Pick<ServiceResponse, 'body'>): JsonObject | undefined {
  return jsonObject(body);
}

/** An answer that says no, with what the service says about it. */
export function refusalOf(answer: ServiceResponse): ServiceRefusal {
  const message = jsonOf(answer)?.['message'];
  const said = typeof message === 'string' ? message.slice(0, 1000) : '';
  return new ServiceRefusal(answer.status, said || 'it does not say why');
}
