import { Readable } from 'node:stream';

import type { KMSClientConfig } from '@aws-sdk/client-kms';

import { ConnectionFailure } from '../../http/connection-failure';
import type { HttpRequest, HttpSend } from '../../http/message';

type SdkHandler = Extract<
  NonNullable<KMSClientConfig['requestHandler']>,
  { handle(request: never, options: never): unknown }
>;
type SdkRequest = Parameters<SdkHandler['handle']>[0];

const RESPONSE_TIMEOUT_MS = 30_000;

/**
 * The transport of the SDK over our HTTP client. Node's own agents apply other rules for proxies: they use one for
 * loopback, too, connect directly where the address cannot be used, and show its password in their error.
 */
export function awsRequestHandler(send: HttpSend): SdkHandler {
  return {
    async handle(request: SdkRequest) {
      const body = bytesOf(request.body);
      try {
        const response = await send({
          method: request.method as HttpRequest['method'],
          url: urlOf(request),
          headers: request.headers,
          ...(body && { body }),
          timeout: RESPONSE_TIMEOUT_MS,
        });
        const headers = Object.entries(response.headers).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, value]],
        );
        return {
          response: {
            statusCode: response.status,
            headers: Object.fromEntries(headers) as Record<string, string>,
            body: Readable.from([response.body]),
          },
        };
      } catch (error) {
        // The SDK tries again by the codes of Node's errors.
        throw error instanceof ConnectionFailure ? error.cause : error;
      }
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): URL {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value ?? ''])
      url.searchParams.append(name, each);
  }
  return url;
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body as string);
  throw new TypeError('a body of this kind cannot be sent');
}
