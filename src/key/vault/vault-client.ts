import { SignedImageError } from '../../error';
import { redactSecrets, redactText } from '../../error/redaction';
import { ConnectionFailure } from '../../http/connection-failure';
import { jsonObject, type JsonObject } from '../../http/json-body';
import { isLocalHost } from '../../http/local-address';
import type { HttpResponse, HttpSend } from '../../http/message';
import { proxyFailure } from '../../http/proxy-error';
import { proxyRules, type ProxyRules, singleProxy } from '../../http/proxy-rules';
import { createServiceClient } from '../../http/service-client';
import { withServiceRetry } from '../../http/service-retry';
import { isLoopbackOrHttps } from '../../http/service-url';
import { systemErrorCode } from '../../http/system-error';
import type { KeyHost } from '../backend';
import { misconfigured, type VaultSettings } from './vault-settings';
import type { VaultToken } from './vault-token';

export type Json = JsonObject;

export interface VaultAnswer {
  readonly status: number;
  /** Empty where the response is not a JSON object. */
  readonly json: Json;
  /** What Vault says is wrong. Foreign text. */
  readonly errors: readonly string[];
}

export interface VaultRequest {
  readonly method: 'GET' | 'POST';
  /** Below `/v1/`. */
  readonly path: string;
  readonly json?: Json;
}

/** Asks Vault, and again while it is busy. */
export type VaultClient = (request: VaultRequest) => Promise<VaultAnswer>;

/** A connection that broke off: to ask again does no harm, as signatures are not counted. */
const CUT: readonly string[] = ['ECONNRESET', 'EPIPE'];
const ATTEMPTS = 3;
const WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const TIMEOUT_MS = 60_000;
const ANSWER_LIMIT = 1024 * 1024;

/** A sealed one stays so until a person comes; and a wrong version is answered with 500, too. */
function isTransient(response: HttpResponse): boolean {
  const { status, errors } = answerOf(response);
  if (errors.some((error) => /sealed|requested version/i.test(error))) return false;
  // 412: a standby that has not yet seen what was written to the active node.
  return status === 412 || status === 429 || (status >= 500 && status !== 501);
}

/** `VAULT_PROXY_ADDR` is for every address, loopback included, as in Vault's own client. */
function proxiesOf({ proxy }: VaultSettings, env: KeyHost['env']): ProxyRules {
  if (proxy === undefined) return proxyRules(env);
  if (/^https?:\/\//i.test(proxy.value)) return singleProxy(proxy.name, proxy.value);
  // The address may hold a password.
  throw misconfigured(
    `the address of the proxy to Vault (${proxy.name}) must begin with http:// or https://`,
  );
}

function createSend(settings: VaultSettings, env: KeyHost['env']): HttpSend {
  const { ca, rejectUnauthorized, servername, client } = settings.tls;
  return createServiceClient({
    proxies: proxiesOf(settings, env),
    tls: {
      authorities: ca,
      rejectUnauthorized,
      servername,
      client: client && { certificate: client.cert, key: client.key },
    },
  });
}

function answerOf({ status, body }: HttpResponse): VaultAnswer {
  const json = jsonObject(body) ?? {};
  return { status, json, errors: errorsOf(json) };
}

function errorsOf(json: Json): readonly string[] {
  const errors = json['errors'];
  return Array.isArray(errors) ? errors.filter((error) => typeof error === 'string') : [];
}

/**
 * Where a standby node sends a request: the same one, at the active node
 * (https://developer.hashicorp.com/vault/docs/concepts/ha). The token goes along, as it must, so
 * nothing else is followed: the server that answers has the token already, and may pass it only to another
 * node, over TLS. A sign-in page in front of Vault, for one, redirects to another path.
 */
function activeNode(from: URL, { status, headers }: HttpResponse): URL | undefined {
  const { location } = headers;
  if (status !== 307 || location === undefined || !URL.canParse(location, from.href))
    return undefined;
  const to = new URL(location, from);
  const isSame = to.pathname === from.pathname && to.search === from.search;
  const isDowngrade = from.protocol === 'https:' && to.protocol !== 'https:';
  // A server elsewhere has no business to send its clients to their own machine.
  const isLocal = isLocalHost(to) && !isLocalHost(from);
  const isFine = isSame && !isDowngrade && !isLocal && isLoopbackOrHttps(to) && to.username === '';
  return isFine ? to : undefined;
}

/**
 * @throws (the client) SignedImageError `KEY_SERVICE_FAILED`: no connection, redirects, answers without
 *   end; never with the token
 */
export function createVaultClient(
  settings: VaultSettings,
  token: VaultToken,
  env: KeyHost['env'],
): VaultClient {
  const secrets = [token.value, ...Object.values(settings.headers)];
  let client: HttpSend | undefined;

  async function exchange(url: URL, { method, json }: VaultRequest): Promise<HttpResponse> {
    client ??= createSend(settings, env);
    return client({
      method,
      url,
      headers: {
        ...settings.headers,
        accept: 'application/json',
        'x-vault-request': 'true',
        'x-vault-token': token.value,
        ...(settings.namespace !== undefined && { 'x-vault-namespace': settings.namespace }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: Buffer.from(JSON.stringify(json)) }),
      limit: ANSWER_LIMIT,
      timeout: TIMEOUT_MS,
    });
  }

  async function ask(asked: VaultRequest): Promise<HttpResponse> {
    const url = new URL(`${settings.address}/v1/${asked.path}`);
    const answer = await exchange(url, asked);
    const active = settings.followRedirects ? activeNode(url, answer) : undefined;
    const last = active === undefined ? answer : await exchange(active, asked);
    if (last.status < 300 || last.status >= 400) return last;
    throw misconfigured(
      `${settings.address} redirects (${last.status}) to where the token is not sent: only one 307 of a standby node ` +
        'is followed, to the same path over https; set VAULT_ADDR to the address of Vault itself',
    );
  }

  const failure = (error: unknown): SignedImageError => {
    if (error instanceof SignedImageError && error.code === 'CONTENT_TOO_LARGE')
      return misconfigured(`${settings.address} gives an answer without end`);
    if (error instanceof SignedImageError && error.code === 'INPUT_INVALID')
      return misconfigured(error.message);
    if (error instanceof SignedImageError && !(error instanceof ConnectionFailure)) return error;
    const proxy = proxyFailure(error);
    if (proxy !== undefined) {
      return misconfigured(
        `${settings.address} cannot be reached: ${redactText(proxy, secrets)}`,
        redactSecrets(error, secrets),
      );
    }
    return misconfigured(
      `${settings.address} cannot be reached (${codeOf(error) || 'no answer'}); check VAULT_ADDR and, for its certificate, VAULT_CACERT`,
      redactSecrets(error, secrets),
    );
  };

  return async (asked) => {
    try {
      return answerOf(await withServiceRetry(RETRY, () => ask(asked)));
    } catch (error) {
      throw failure(error);
    }
  };
}

const RETRY = {
  attempts: ATTEMPTS,
  pause: (made: number) => WAIT_MS * made,
  longestPause: LONGEST_WAIT_MS,
  isTransient,
  isTransientError: (error: unknown) => CUT.includes(codeOf(error)),
};

function codeOf(error: unknown): string {
  return systemErrorCode(error instanceof ConnectionFailure ? error.cause : error);
}
