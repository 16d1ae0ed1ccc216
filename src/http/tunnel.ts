import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';

import { ProxyError, refusal, unreachable } from './proxy-error';
import type { ProxyServer } from './proxy-rules';

/** Milliseconds that a proxy has to open a tunnel. */
const TUNNEL_TIMEOUT = 15_000;

export interface ProxyConnection {
  readonly proxy: ProxyServer;
  readonly lookup: LookupFunction | undefined;
  /** What certificate authorities an https proxy is checked with. */
  readonly secureContext: () => tls.SecureContext;
}

/** Options of a request whose connection is a tunnel. */
export interface TunnelRequestOptions extends http.RequestOptions {
  /** Ends the opening of the tunnel: a request that was destroyed meanwhile does not. */
  readonly tunnelSignal?: AbortSignal | undefined;
}

/** Opens TLS connections inside of tunnels (`CONNECT`) through one proxy. */
export class TunnelAgent extends https.Agent {
  readonly #connection: ProxyConnection;

  constructor(connection: ProxyConnection, options: https.AgentOptions) {
    super(options);
    this.#connection = connection;
  }

  override createConnection(
    options: TunnelRequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const { host, port, tunnelSignal } = options;
    const authority = `${host?.includes(':') ? `[${host}]` : host}:${port ?? 443}`;
    const done = (error: Error | null, stream?: Duplex): void =>
      (callback as (error: Error | null, stream?: Duplex) => void)(error, stream);
    openTunnel(this.#connection, authority, tunnelSignal).then(
      (socket) => {
        let secured: Duplex | null | undefined;
        try {
          // Node's own options for this connection, over the tunnel instead of a new socket.
          secured = super.createConnection({ ...options, socket } as http.RequestOptions);
        } catch (error) {
          socket.destroy();
          done(error as Error);
          return;
        }
        done(null, secured ?? socket);
      },
      (error: unknown) => done(error as Error),
    );
    return undefined;
  }
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-connect */
function openTunnel(
  connection: ProxyConnection,
  authority: string,
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  const { proxy } = connection;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const request = proxyRequest(connection, {
      method: 'CONNECT',
      path: authority,
      headers: proxyHeaders(proxy, authority),
    });
    const timer = setTimeout(
      () => request.destroy(timeoutError(`no tunnel within ${TUNNEL_TIMEOUT / 1000} s`)),
      TUNNEL_TIMEOUT,
    );
    const stop = (): void => void request.destroy(signal?.reason as Error);
    signal?.addEventListener('abort', stop, { once: true });
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    request.once('connect', (response, socket, head) => {
      settle();
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300 && head.length === 0) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(
        status >= 200 && status < 300
          ? new ProxyError(proxy, 'sent data before the tunnel was used', 'ERR_PROXY_REFUSED')
          : refusal(proxy, authority, status),
      );
    });
    request.once('error', (error) => {
      settle();
      reject(unreachable(proxy, error));
    });
    request.end();
  });
}

function proxyRequest(
  { proxy, lookup, secureContext }: ProxyConnection,
  options: http.RequestOptions,
): http.ClientRequest {
  const target = { ...proxyTarget(proxy), ...options, ...(lookup && { lookup }) };
  if (proxy.url.protocol === 'http:') return http.request({ ...target, agent: false });
  const agent = new https.Agent({ secureContext: secureContext() });
  return https.request({ ...target, agent });
}

/** Where a proxy is, as Node's requests take it. */
export function proxyTarget({ url }: ProxyServer): {
  readonly host: string;
  readonly port: string;
  readonly servername: string;
} {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  // Else Node checks the certificate for the name in `Host`, which is that of the server.
  return { host, port, servername: isIP(host) === 0 ? host : '' };
}

/** `Host`, and the credentials of the proxy if there are any. */
export function proxyHeaders(
  { authorization }: ProxyServer,
  host: string,
): Readonly<Record<string, string>> {
  return { host, ...(authorization !== undefined && { 'proxy-authorization': authorization }) };
}

function timeoutError(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}
