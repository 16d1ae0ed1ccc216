import { SignedImageError } from '../error';
import { HttpClient, type HttpClientOptions } from './client';
import { ConnectionFailure } from './connection-failure';
import { isLocalHost, isLoopback, localAddressError } from './local-address';
import type { HttpRequest, HttpResponse } from './message';

export interface TransportOptions extends Omit<HttpClientOptions, 'mayBeLocal'> {
  /**
   * Where the user's requests go. Another host that it names, in a realm, a redirect or the place of
   * an upload, must not be a local address, unless this one is on loopback itself.
   */
  readonly home: URL;
  /** Milliseconds without a byte of an answer, after which there is none. Default: 60000. */
  readonly answerTimeout?: number | undefined;
}

const MAX_REDIRECTS = 5;
/** How many times `answerTimeout` a whole response may take: a response that arrives byte by byte must end too. */
const PATIENCE = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** The HTTP of a registry: redirects are followed, and take no credentials to another origin. */
export class Transport {
  readonly #client: HttpClient;
  readonly #answerTimeout: number;

  /** `undefined`: every host may be at a local address. */
  readonly #mayBeLocal: ((hostname: string) => boolean) | undefined;

  constructor({ answerTimeout = 60_000, home, ...options }: TransportOptions) {
    this.#answerTimeout = answerTimeout;
    if (!isLoopback(home)) this.#mayBeLocal = (hostname) => hostname === home.hostname;
    this.#client = new HttpClient({ ...options, mayBeLocal: this.#mayBeLocal });
  }

  /**
   * @param authorization goes with the request, and with its redirects only as long as they stay at
   * the origin that the request was made to
   * @param longest milliseconds that it and its redirects may take together
   * @throws ConnectionFailure; SignedImageError `CONTENT_TOO_LARGE`, `REGISTRY_PROTOCOL` (redirects)
   */
  async send(
    request: HttpRequest,
    authorization: string | undefined,
    longest = Number.POSITIVE_INFINITY,
  ): Promise<HttpResponse> {
    const ends = performance.now() + longest;
    let url = request.url;
    let credential = authorization;
    for (let hops = 0; ; hops += 1) {
      const response = await this.#exchange(
        { ...request, url },
        credential,
        ends - performance.now(),
      );
      if (!REDIRECTS.includes(response.status)) return response;
      if (request.method !== 'GET' && request.method !== 'HEAD') return response;
      if (hops === MAX_REDIRECTS)
        throw protocolError(url, `redirected more than ${MAX_REDIRECTS} times`);
      const next = resolveLocation(url, response.headers.location);
      if (next.origin !== url.origin) credential = undefined;
      url = next;
    }
  }

  /** Requests under way fail. */
  async close(): Promise<void> {
    this.#client.close();
  }

  async #exchange(
    request: HttpRequest,
    authorization: string | undefined,
    left: number,
  ): Promise<HttpResponse> {
    const { url } = request;
    // An address needs no lookup, where a name is checked.
    if (this.#mayBeLocal?.(url.hostname) === false && isLocalHost(url))
      throw localAddressError(url.host);
    const silence = this.#answerTimeout;
    const longest = Math.max(1, Math.ceil(Math.min(left, silence * PATIENCE)));
    const headers = { ...request.headers, ...(authorization !== undefined && { authorization }) };
    try {
      const late = (): Error => tooSlow(url, longest);
      return await this.#client.exchange({ ...request, headers }, { silence, longest, late });
    } catch (error) {
      throw error instanceof SignedImageError ? error : new ConnectionFailure(url, error);
    }
  }
}

/**
 * Resolves a `Location` against the URL that it answers (RFC 3986).
 *
 * @throws SignedImageError `REGISTRY_PROTOCOL` when it is missing, malformed, or leaves https
 */
export function resolveLocation(from: URL, location: string | undefined): URL {
  if (location === undefined)
    throw protocolError(from, 'redirected without saying where to (no Location)');
  if (!URL.canParse(location, from.href))
    throw protocolError(from, 'gave a Location that is not a valid URL');
  const to = new URL(location, from);
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw protocolError(from, `redirected to ${JSON.stringify(to.protocol)}, which is not http(s)`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw protocolError(
      from,
      `redirected from https to plain http (${to.host}), which is not followed`,
    );
  }
  // Credentials in a Location would be sent as an Authorization that is not ours.
  to.username = '';
  to.password = '';
  to.hash = '';
  return to;
}

/** Not tried again: it would take as long. */
function tooSlow({ host }: URL, milliseconds: number): SignedImageError {
  return new SignedImageError({
    code: 'REGISTRY_UNAVAILABLE',
    message: `${host} had not ended its answer after ${milliseconds / 1000} s; try again later`,
  });
}

function protocolError({ host }: URL, what: string): SignedImageError {
  return new SignedImageError({ code: 'REGISTRY_PROTOCOL', message: `registry ${host} ${what}` });
}
