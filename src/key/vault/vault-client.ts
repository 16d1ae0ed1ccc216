import { setTimeout as delay } from 'node:timers/promises';

import type * as undici from 'undici';

import { SignedImageError } from '../../error';
import { parseBoundedJson } from '../../http/json-bounds';
import { isLocalHost } from '../../http/local-address';
import { redactSecrets } from '../../error/redaction';
import { withSystemAuthorities } from '../../http/system-authorities';
import { isLoopbackOrHttps } from '../../http/service-url';
import type { KeyHost } from '../backend';
import { misconfigured, type VaultSettings } from './vault-settings';
import type { VaultToken } from './vault-token';

export type Json = Readonly<Record<string, unknown>>;

export interface VaultAnswer {
  readonly status: number;
  /** Empty where the answer is no JSON object. */
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
const CUT: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];
const TRIES = 3;
const WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const TIMEOUT_MS = 60_000;
const ANSWER_LIMIT = 1024 * 1024;

interface Exchange extends VaultAnswer {
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
}

/** A sealed one stays so until a person comes; and a wrong version is answered with 500, too. */
function isPassing({ status, errors }: VaultAnswer): boolean {
  if (errors.some((error) => /sealed|requested version/i.test(error))) return false;
  // 412: a standby that has not yet seen what was written to the active node.
  return status === 412 || status === 429 || (status >= 500 && status !== 501);
}

function waitOf({ retryAfter }: Exchange, tries: number): number {
  const seconds =
    retryAfter !== undefined && /^\d+$/.test(retryAfter.trim()) ? Number(retryAfter) : undefined;
  return Math.min(seconds === undefined ? WAIT_MS * (tries + 1) : seconds * 1000, LONGEST_WAIT_MS);
}

function dispatcherOf(
  { EnvHttpProxyAgent }: typeof undici,
  { tls, proxy }: VaultSettings,
  env: KeyHost['env'],
): undici.Dispatcher {
  const connect = {
    timeout: TIMEOUT_MS,
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.ca && { ca: [...tls.ca] }),
    ...(tls.servername !== undefined && { servername: tls.servername }),
    ...tls.client,
  };
  const variable = (name: string): string => env[name.toLowerCase()] ?? env[name] ?? '';
  try {
    return new EnvHttpProxyAgent({
      connect,
      // The same for what goes through a proxy.
      requestTls: connect,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      httpProxy: proxy ?? variable('HTTP_PROXY'),
      httpsProxy: proxy ?? variable('HTTPS_PROXY'),
      noProxy: proxy === undefined ? variable('NO_PROXY') : '',
    });
  } catch {
    // A proxy's address may hold its password, and the error repeats it.
    throw misconfigured(
      'the address of the proxy to Vault (VAULT_PROXY_ADDR, HTTPS_PROXY) is malformed',
    );
  }
}

function jsonOf(body: Buffer): Json {
  try {
    const value = parseBoundedJson(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Json)
      : {};
  } catch {
    return {};
  }
}

function errorsOf(json: Json): readonly string[] {
  const errors = json['errors'];
  return Array.isArray(errors) ? errors.filter((error) => typeof error === 'string') : [];
}

/**
 * Where a standby node sends a request: the same one, at the active node
 * (https://developer.hashicorp.com/vault/docs/concepts/ha). The token goes along, as it must, so
 * nothing else is followed: who answers has the token already, and may hand it to nobody but another
 * node, over TLS. A sign-in page in front of Vault, for one, redirects to another path.
 */
function activeNode(from: URL, { status, location }: Exchange): URL | undefined {
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

  async function exchange(
    url: URL,
    { method, json }: VaultRequest,
    dispatcher: undici.Dispatcher,
  ): Promise<Exchange> {
    const { request } = await import('undici');
    const { statusCode, headers, body } = await request(url, {
      method,
      dispatcher,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        ...settings.headers,
        accept: 'application/json',
        'x-vault-request': 'true',
        'x-vault-token': token.value,
        ...(settings.namespace !== undefined && { 'x-vault-namespace': settings.namespace }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += (chunk as Buffer).length;
      if (size > ANSWER_LIMIT)
        throw misconfigured(`${settings.address} gives an answer without end`);
      chunks.push(chunk as Buffer);
    }
    const answer = jsonOf(Buffer.concat(chunks));
    const { location, 'retry-after': retryAfter } = headers;
    return {
      status: statusCode,
      json: answer,
      errors: errorsOf(answer),
      location: typeof location === 'string' ? location : undefined,
      retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
    };
  }

  async function ask(asked: VaultRequest, dispatcher: undici.Dispatcher): Promise<Exchange> {
    const url = new URL(`${settings.address}/v1/${asked.path}`);
    const answer = await exchange(url, asked, dispatcher);
    const active = settings.followRedirects ? activeNode(url, answer) : undefined;
    const last = active === undefined ? answer : await exchange(active, asked, dispatcher);
    if (last.status < 300 || last.status >= 400) return last;
    throw misconfigured(
      `${settings.address} redirects (${last.status}) to where the token is not sent: only one 307 of a standby node ` +
        'is followed, to the same path over https; set VAULT_ADDR to the address of Vault itself',
    );
  }

  return async (asked) => {
    // Loaded when Vault is asked: loading it takes as long as some signatures.
    const dispatcher = dispatcherOf(await import('undici'), settings, env);
    try {
      for (let tries = 0; ; tries += 1) {
        const isLast = tries + 1 >= TRIES;
        try {
          const answer = await withSystemAuthorities(() => ask(asked, dispatcher));
          if (isLast || !isPassing(answer)) return answer;
          await delay(waitOf(answer, tries));
        } catch (error) {
          if (isLast || !CUT.includes((error as NodeJS.ErrnoException).code)) throw error;
          await delay(WAIT_MS);
        }
      }
    } catch (error) {
      if (error instanceof SignedImageError) throw error;
      const { code = 'no answer' } = error as NodeJS.ErrnoException;
      throw misconfigured(
        `${settings.address} cannot be reached (${code}); check VAULT_ADDR and, for its certificate, VAULT_CACERT`,
        redactSecrets(error, secrets),
      );
    } finally {
      await dispatcher.destroy();
    }
  };
}
