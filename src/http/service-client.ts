import { HttpClient, type HttpClientOptions } from './client';
import type { HttpHost, HttpResponse, HttpSend, ServiceRequest } from './message';
import { PROXY_VARIABLES, proxyRules } from './proxy-rules';

const DEFAULT_TIMEOUT = 60_000;

const clients = new Map<string, HttpSend>();

/**
 * The client for services (Sigstore's, GitLab, issuers of identity tokens): one pool of connections for all
 * that go by the same proxies. Idle connections are closed after some seconds, and keep no process alive.
 */
export function serviceClient({ env, send }: HttpHost): HttpSend {
  if (send) return send;
  const key = JSON.stringify(PROXY_VARIABLES.map((name) => env[name] ?? ''));
  const known = clients.get(key);
  if (known) return known;
  const created = createServiceClient({ proxies: proxyRules(env) });
  clients.set(key, created);
  return created;
}

let direct: HttpSend | undefined;

/** The same without any proxy: for services of this machine, such as a cloud's metadata server. */
export function directClient({ send }: Pick<HttpHost, 'send'>): HttpSend {
  return send ?? (direct ??= createServiceClient({}));
}

/** A client with connections of its own. Its requests throw as `HttpClient.exchange`. */
export function createServiceClient(options: HttpClientOptions): HttpSend {
  const client = new HttpClient(options);
  return ({ timeout = DEFAULT_TIMEOUT, ...request }: ServiceRequest): Promise<HttpResponse> =>
    client.exchange(request, { silence: timeout, longest: timeout });
}
