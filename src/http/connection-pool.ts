import http from 'node:http';
import https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type tls from 'node:tls';

import { guardedLookup } from './local-address';
import { NO_PROXIES, type ProxyRules, type ProxyServer } from './proxy-rules';
import { Turnstile } from './semaphore';
import { authorityChanges } from './system-authorities';
import { offersClientCertificate, secureContext, type TlsOptions } from './tls-options';
import { proxyHeaders, proxyTarget, TunnelAgent, type TunnelRequestOptions } from './tunnel';

export interface ConnectionPoolOptions {
  /** PEM, trusted beside the system's. */
  readonly ca?: string | undefined;
  /** Default: the system's name service. */
  readonly lookup?: LookupFunction | undefined;
  /**
   * Whether a host may be at a local address: the user named it. Default: every host may. Only what is
   * connected to directly is checked; a proxy resolves names itself.
   */
  readonly mayBeLocal?: ((hostname: string) => boolean) | undefined;
  /** Default: no proxies. */
  readonly proxies?: ProxyRules | undefined;
  /** Default: Node's own authorities, no client certificate. */
  readonly tls?: TlsOptions | undefined;
}

/** Connections to one origin at a time: as many images as the engine's usual parallel steps. */
const MOST_CONNECTIONS = 8;
/**
 * Milliseconds that an idle connection is kept: less than load balancers and servers that do not
 * say have by default (nginx 75 s, AWS 60 s). One that says `Keep-Alive: timeout=5`, as Node and
 * Apache do, is believed, less a second.
 */
const IDLE = 15_000;

/** Kept connections, at most so many to an origin. */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  /** By kind, proxy and trusted authorities; created when first needed. */
  readonly #agents = new Map<string, http.Agent>();
  readonly #places = new Turnstile(MOST_CONNECTIONS);
  readonly #underWay = new Set<AbortController>();
  readonly #used = new WeakSet<Socket>();
  #closed = false;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
  }

  /**
   * Runs an exchange with a place among the connections to the origin. The signal is aborted after
   * so many milliseconds, the wait for the place included, and when the pool is closed.
   *
   * @param late the signal's reason when the time is over
   */
  async run<T>(
    { origin }: URL,
    longest: number,
    late: () => Error,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw closedError();
    const stop = new AbortController();
    this.#underWay.add(stop);
    const timer = setTimeout(() => stop.abort(late()), longest);
    try {
      await this.#places.enter(origin, stop.signal);
      return await work(stop.signal);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(stop);
    }
  }

  /**
   * A request that is sent with `end()`, in a place that `run` gave. Its end gives the place back.
   *
   * @throws SignedImageError `INPUT_INVALID` where the proxy for the URL cannot be used
   */
  open(url: URL, options: TunnelRequestOptions): http.ClientRequest {
    let request: http.ClientRequest;
    try {
      request = this.#request(url, this.proxyOf(url), options);
    } catch (error) {
      this.#places.leave(url.origin);
      throw error;
    }
    request.once('close', () => this.#places.leave(url.origin));
    return request;
  }

  /** The proxy that a request for the URL goes through. Throws as `open`. */
  proxyOf(url: URL): ProxyServer | undefined {
    return (this.#options.proxies ?? NO_PROXIES)(url);
  }

  #request(
    url: URL,
    proxy: ProxyServer | undefined,
    options: TunnelRequestOptions,
  ): http.ClientRequest {
    if (url.protocol === 'https:')
      return https.request({ ...target(url), ...options, agent: this.#secureAgent(url, proxy) });
    if (!proxy) return http.request({ ...target(url), ...options, agent: this.#plainAgent() });
    // https://www.rfc-editor.org/rfc/rfc9112#name-absolute-form
    const { host, pathname, search } = url;
    const forProxy = {
      ...options,
      ...proxyTarget(proxy),
      path: `http://${host}${pathname}${search}`,
      headers: { ...(options.headers as http.OutgoingHttpHeaders), ...proxyHeaders(proxy, host) },
      agent: this.#proxyAgent(proxy),
    };
    return proxy.url.protocol === 'https:' ? https.request(forProxy) : http.request(forProxy);
  }

  /** Whether it had been used before it was given to the request that says so. */
  wasUsed(socket: Socket): boolean {
    const used = this.#used.has(socket);
    this.#used.add(socket);
    return used;
  }

  /** Where one idle connection was found closed, the others will not be better. */
  dropIdle(): void {
    for (const agent of this.#agents.values()) {
      for (const sockets of Object.values(agent.freeSockets))
        for (const socket of sockets ?? []) socket.destroy();
    }
  }

  /** Requests under way fail. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#underWay) stop.abort(closedError());
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #plainAgent(): http.Agent {
    return this.#agent('plain', () => new http.Agent(this.#agentOptions()));
  }

  /** Plain http goes to the proxy itself, over one of its connections. */
  #proxyAgent(proxy: ProxyServer): http.Agent {
    if (proxy.url.protocol === 'http:') {
      return this.#agent(`plain by ${proxy.url.href}`, () => new http.Agent(this.#directOptions()));
    }
    return this.#agent(`plain by ${proxy.url.href} ${authorityChanges()}`, () => {
      const context = this.#proxyContext();
      return new https.Agent({ ...this.#directOptions(), secureContext: context });
    });
  }

  #secureAgent(url: URL, proxy: ProxyServer | undefined): https.Agent {
    const { ca, tls: options, lookup } = this.#options;
    const shown = offersClientCertificate(options, url.hostname);
    const key = ['secure', proxy?.url.href ?? '', shown, authorityChanges()].join(' ');
    return this.#agent(key, () => {
      const secure = {
        // As `ca` it would be read again for each connection, and be part of the key of each request.
        secureContext: secureContext(ca, options, shown),
        ...(options?.rejectUnauthorized === false && { rejectUnauthorized: false }),
        ...(options?.servername !== undefined && { servername: options.servername }),
      };
      if (!proxy) return new https.Agent({ ...this.#agentOptions(), ...secure });
      return new TunnelAgent(
        { proxy, lookup, secureContext: () => this.#proxyContext() },
        { ...this.#directOptions(), ...secure },
      );
    }) as https.Agent;
  }

  /** What a proxy's own certificate is checked with: Node's authorities and the declared ones. */
  #proxyContext(): tls.SecureContext {
    const { ca, tls: options } = this.#options;
    return secureContext(
      [ca, ...(options?.authorities ?? [])].filter((each) => each !== undefined).join('\n') ||
        undefined,
    );
  }

  #agent(key: string, create: () => http.Agent): http.Agent {
    const known = this.#agents.get(key);
    if (known) return known;
    const agent = create();
    this.#agents.set(key, agent);
    return agent;
  }

  #agentOptions(): http.AgentOptions {
    const { lookup, mayBeLocal } = this.#options;
    const resolve = mayBeLocal ? guardedLookup(lookup, mayBeLocal) : lookup;
    return { ...this.#directOptions(), ...(resolve && { lookup: resolve }) };
  }

  /** For connections to a proxy, which may be anywhere. */
  #directOptions(): http.AgentOptions {
    const { lookup } = this.#options;
    return {
      keepAlive: true,
      maxSockets: MOST_CONNECTIONS,
      maxFreeSockets: MOST_CONNECTIONS,
      timeout: IDLE,
      ...(lookup && { lookup }),
    };
  }
}

/** Without the names and passwords that an URL can have: those are sent as `Authorization`. */
function target({ hostname, port, pathname, search }: URL): http.RequestOptions {
  // An address of IPv6 is in brackets.
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { host, path: `${pathname}${search}`, ...(port !== '' && { port }) };
}

function closedError(): Error {
  return Object.assign(new Error('the client was closed'), { code: 'ERR_CLIENT_CLOSED' });
}
