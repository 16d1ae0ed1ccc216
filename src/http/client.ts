import { ConnectionPool, type ConnectionPoolOptions } from './connection-pool';
import { exchange } from './exchange';
import type { HttpRequest, HttpResponse } from './message';
import { withSystemAuthorities } from './system-authorities';

export interface HttpClientOptions extends ConnectionPoolOptions {
  /** Default: `pulumi-signed-image`. */
  readonly userAgent?: string | undefined;
}

export interface ExchangeLimits {
  /** Milliseconds in which no byte arrives, after which the request fails. */
  readonly silence: number;
  /** Milliseconds for the whole exchange, the wait for a connection included. */
  readonly longest: number;
  /** The error when `longest` is over. Default: an Error with the code `ETIMEDOUT`. */
  readonly late?: (() => Error) | undefined;
}

/**
 * The one HTTP client of the package. It keeps connections, goes through proxies, checks certificates with
 * Node's, the declared and the system's authorities, and bounds time and size. It follows no redirect and
 * sends nothing twice: the adapters (registry transport, service calls) decide about these.
 */
export class HttpClient {
  readonly #pool: ConnectionPool;
  readonly #userAgent: string;

  constructor({ userAgent = 'pulumi-signed-image', ...options }: HttpClientOptions = {}) {
    this.#userAgent = userAgent;
    this.#pool = new ConnectionPool(options);
  }

  /**
   * One request and its response.
   *
   * @throws SignedImageError `CONTENT_TOO_LARGE`, or `INPUT_INVALID` for a proxy that cannot be used;
   *   ProxyError; ConnectionFailure of a connection that the server closed while it was idle; else the
   *   error of Node
   */
  exchange(
    request: HttpRequest,
    { silence, longest, late = () => timedOut(longest) }: ExchangeLimits,
  ): Promise<HttpResponse> {
    const headers = {
      // A compressed answer could be small on the wire and without end in memory.
      'accept-encoding': 'identity',
      'user-agent': this.#userAgent,
      ...request.headers,
    };
    return withSystemAuthorities(() =>
      this.#pool.run(request.url, longest, late, (signal) =>
        exchange(this.#pool, { ...request, headers }, silence, signal),
      ),
    );
  }

  /** Requests under way fail. */
  close(): void {
    this.#pool.close();
  }
}

function timedOut(milliseconds: number): Error {
  return Object.assign(new Error(`timeout after ${milliseconds / 1000} s`), {
    code: 'ETIMEDOUT',
  });
}
