import { SignedImageError } from '../error';
import { proxyDecision } from './no-proxy';

type Environment = Readonly<Record<string, string | undefined>>;

/** A proxy, and how it is authenticated to. */
export interface ProxyServer {
  /** `http(s)://host[:port]/`, without credentials. */
  readonly url: URL;
  /** Value of `Proxy-Authorization`, from the user name and password in the URL. A secret. */
  readonly authorization: string | undefined;
  /** Where it was configured, for messages: `HTTPS_PROXY`. */
  readonly source: string;
}

/**
 * The proxy for a URL; `undefined` for a direct connection.
 *
 * @throws SignedImageError `INPUT_INVALID` where a proxy is configured that cannot be used
 */
export type ProxyRules = (url: URL) => ProxyServer | undefined;

/** No URL is reached through a proxy. */
export const NO_PROXIES: ProxyRules = () => undefined;

/** The variables that `proxyRules` reads. */
export const PROXY_VARIABLES = [
  ...['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'],
  'REQUEST_METHOD',
] as const;

/**
 * The rules of an environment, as Go programs (docker, cosign, crane) apply them, the names in upper case
 * first as in Go up to 1.26:
 * https://pkg.go.dev/golang.org/x/net/http/httpproxy#FromEnvironment. `HTTPS_PROXY` is for https URLs,
 * `HTTP_PROXY` for http URLs and, because any client of a CGI program can set it by a `Proxy` header, never
 * where `REQUEST_METHOD` is set. One difference: a malformed proxy address is an error, where Go connects
 * directly.
 */
export function proxyRules(env: Environment): ProxyRules {
  const noProxy = valueOf(env, 'no_proxy')?.value ?? '';
  const isProxied = proxyDecision(noProxy);
  return (url) => {
    const variable = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
    const configured = valueOf(env, variable);
    if (configured === undefined) return undefined;
    if (variable === 'http_proxy' && env['REQUEST_METHOD'])
      throw unusable(
        configured.name,
        'is not used in a CGI environment (REQUEST_METHOD is set), where a request header can set it',
      );
    return isProxied(url) ? parseProxy(configured.name, configured.value) : undefined;
  };
}

/** One proxy for all URLs, loopback and `NO_PROXY` included: `VAULT_PROXY_ADDR`. */
export function singleProxy(source: string, address: string): ProxyRules {
  const proxy = parseProxy(source, address);
  return () => proxy;
}

/** @throws SignedImageError `INPUT_INVALID`, without the address, which may hold a password */
export function parseProxy(source: string, address: string): ProxyServer {
  // As in Go: an address without a scheme is an http proxy.
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
  if (!URL.canParse(text)) {
    throw unusable(source, 'is not a valid address; write it as http://[user:password@]host:port');
  }
  const { protocol, host, username, password, pathname, search, hash } = new URL(text);
  if (protocol.startsWith('socks')) {
    throw unusable(
      source,
      'is a SOCKS proxy, which is not supported; use an http:// or https:// proxy',
    );
  }
  // The password would be taken for the host and a path, and shown in messages as the host.
  if (`${pathname}${search}${hash}`.includes('@')) {
    throw unusable(source, 'has a password with /, ? or #; write these as %2F, %3F and %23');
  }
  if ((protocol !== 'http:' && protocol !== 'https:') || host === '') {
    throw unusable(source, 'must begin with http:// or https://');
  }
  return {
    url: new URL(`${protocol}//${host}/`),
    authorization:
      username === '' && password === '' ? undefined : basicAuthorization(username, password),
    source,
  };
}

function basicAuthorization(username: string, password: string): string {
  const plain = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return `Basic ${Buffer.from(plain).toString('base64')}`;
}

/** A `%` that encodes nothing stands for itself. */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

/** An empty variable is as good as none, so the other spelling counts. */
function valueOf(
  env: Environment,
  lower: 'http_proxy' | 'https_proxy' | 'no_proxy',
): { readonly name: string; readonly value: string } | undefined {
  for (const name of [lower.toUpperCase(), lower]) {
    const value = env[name];
    if (value) return { name, value };
  }
  return undefined;
}

function unusable(source: string, what: string): SignedImageError {
  return new SignedImageError({
    code: 'INPUT_INVALID',
    message: `the proxy of \`${source}\` ${what}`,
  });
}
