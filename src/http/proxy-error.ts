import type { ProxyServer } from './proxy-rules';
import { systemErrorCode, withoutPacket } from './system-error';

/** A proxy could not be reached, or refused. Its message never holds the credentials. */
export class ProxyError extends Error {
  /** Of the failure to reach the proxy (`ECONNREFUSED`), or `ERR_PROXY_REFUSED`. */
  readonly code: string;

  constructor({ url, source }: ProxyServer, what: string, code: string, cause?: unknown) {
    super(`the proxy ${url.host} (\`${source}\`) ${what}`, { cause });
    this.name = 'ProxyError';
    this.code = code;
  }
}

/** The message of the proxy's failure that an error comes from; `undefined` where it has another cause. */
export function proxyFailure(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && at instanceof Error; depth += 1) {
    if (at instanceof ProxyError) return at.message;
    at = at.cause;
  }
  return undefined;
}

const MAX_CAUSES = 5;

/** A proxy's own response instead of the server's. */
export function refusal(proxy: ProxyServer, target: string, status: number): ProxyError {
  const passing = status === 408 || status === 429 || status >= 500;
  const hint =
    status === 407
      ? `; set the user name and password in \`${proxy.source}\` (http://user:password@host:port), only Basic is supported`
      : passing
        ? `; try again later, or exempt ${target} by \`NO_PROXY\``
        : `; allow ${target} there, or exempt it by \`NO_PROXY\``;
  return new ProxyError(
    proxy,
    `refused the connection to ${target} (${status})${hint}`,
    passing ? 'EPROXY' : 'ERR_PROXY_REFUSED',
  );
}

/** A failure to reach the proxy itself. */
export function unreachable(proxy: ProxyServer, cause: unknown): ProxyError {
  const code = systemErrorCode(cause) || 'EPROXY';
  return new ProxyError(
    proxy,
    `could not be used: ${reasonOf(cause) || code}`,
    code,
    withoutPacket(cause),
  );
}

/** Without `instanceof Error`: an error of Node's own may come from another realm. */
function reasonOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'message' in cause
    ? String(cause.message)
    : '';
}
