import http from 'node:http';
import https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import tls from 'node:tls';

import { authorityChanges } from './system-authorities';
import { guardedLookup } from './local-address';
import { Turnstile } from './semaphore';

export interface ConnectionPoolOptions {
  /** PEM, trusted beside the system's. */
  readonly ca: string | undefined;
  /** Default: the system's name service. */
  readonly lookup: LookupFunction | undefined;
  /** Whether a host may be at a local address: the user named it. Default: every host may. */
  readonly mayBeLocal?: ((hostname: string) => boolean) | undefined;
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
  readonly #plain: http.Agent;
  /** Made when first needed, and again when more authorities are trusted: the last one counts. */
  readonly #secure: { readonly agent: https.Agent; readonly changes: number }[] = [];
  readonly #places = new Turnstile(MOST_CONNECTIONS);
  readonly #underWay = new Set<AbortController>();
  readonly #used = new WeakSet<Socket>();
  #closed = false;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
    this.#plain = new http.Agent(this.#agentOptions());
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
   */
  open(url: URL, options: http.RequestOptions): http.ClientRequest {
    let request: http.ClientRequest;
    try {
      request =
        url.protocol === 'https:'
          ? https.request({ ...target(url), ...options, agent: this.#secureAgent() })
          : http.request({ ...target(url), ...options, agent: this.#plain });
    } catch (error) {
      this.#places.leave(url.origin);
      throw error;
    }
    request.once('close', () => this.#places.leave(url.origin));
    return request;
  }

  /** Whether it had been used before it was given to the request that says so. */
  wasUsed(socket: Socket): boolean {
    const used = this.#used.has(socket);
    this.#used.add(socket);
    return used;
  }

  /** Where one idle connection was found closed, the others will not be better. */
  dropIdle(): void {
    for (const agent of [this.#plain, ...this.#secure.map((one) => one.agent)]) {
      for (const sockets of Object.values(agent.freeSockets))
        for (const socket of sockets ?? []) socket.destroy();
    }
  }

  /** Requests under way fail. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#underWay) stop.abort(closedError());
    this.#plain.destroy();
    for (const { agent } of this.#secure) agent.destroy();
  }

  #secureAgent(): https.Agent {
    const changes = authorityChanges();
    const last = this.#secure.at(-1);
    if (last?.changes === changes) return last.agent;
    const { ca } = this.#options;
    const agent = new https.Agent({
      ...this.#agentOptions(),
      // As `ca` it would be read again for each connection, and be part of the key of each request.
      secureContext: tls.createSecureContext(
        ca === undefined ? {} : { ca: [...tls.getCACertificates('default'), ca] },
      ),
    });
    this.#secure.push({ agent, changes });
    return agent;
  }

  #agentOptions(): http.AgentOptions {
    const { lookup, mayBeLocal } = this.#options;
    const resolve = mayBeLocal ? guardedLookup(lookup, mayBeLocal) : lookup;
    return {
      keepAlive: true,
      maxSockets: MOST_CONNECTIONS,
      maxFreeSockets: MOST_CONNECTIONS,
      timeout: IDLE,
      ...(resolve && { lookup: resolve }),
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
