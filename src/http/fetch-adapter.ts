import type { HttpSend } from './message';

/** What libraries that take a `fetch` of their own pass to it. */
interface FetchOptions {
  readonly method?: string | undefined;
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly body?: unknown;
}

/** Status codes whose `Response` cannot have a body. */
const WITHOUT_BODY: readonly number[] = [204, 205, 304];

/** Our client in the form of `fetch`, for libraries that accept one. Redirects are returned, not followed. */
export function fetchOver(
  send: HttpSend,
  timeout?: number,
): (url: string | URL, options?: FetchOptions) => Promise<Response> {
  return async (url, { method = 'GET', headers, body } = {}) => {
    const sent = bodyOf(body);
    const {
      status,
      headers: received,
      body: bytes,
    } = await send({
      method: method as 'GET' | 'POST',
      url: new URL(url),
      headers: { ...Object.fromEntries(new Headers(headers)), ...sent?.headers },
      ...(sent && { body: sent.bytes }),
      timeout,
    });
    return new Response(WITHOUT_BODY.includes(status) ? null : new Uint8Array(bytes), {
      status,
      headers: Object.entries(received).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, value]],
      ),
    });
  };
}

function bodyOf(
  body: unknown,
): { readonly bytes: Buffer; readonly headers: Readonly<Record<string, string>> } | undefined {
  if (body === undefined || body === null) return undefined;
  if (body instanceof URLSearchParams) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };
    return { bytes: Buffer.from(body.toString()), headers };
  }
  if (typeof body === 'string') return { bytes: Buffer.from(body), headers: {} };
  if (body instanceof Uint8Array) return { bytes: Buffer.from(body), headers: {} };
  throw new TypeError('a body of this kind cannot be sent');
}
