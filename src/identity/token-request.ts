import { setTimeout as delay } from 'node:timers/promises';

import { SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';
import { redactSecrets } from '../error/redaction';
import { withSystemAuthorities } from '../http/system-authorities';
import type { Host } from '../host/host';
import { isLoopbackOrHttps } from '../http/service-url';

const ATTEMPTS = 3;
const TIMEOUT_MS = 10_000;
const PAUSE_MS = 500;
const ANSWER_LIMIT = 1024 * 1024;

/** One question to a service that issues tokens. */
export interface TokenRequest {
  /** Who is asked: `GitHub`. */
  readonly service: string;
  /** What for. Default: `an identity token`. */
  readonly what?: string;
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What is sent and must not be shown. */
  readonly secrets: readonly string[];
  /** What to do about an answer with this status; `undefined` where nothing is known about it. */
  readonly advice: (status: number) => string | undefined;
  /** The token in an answer; anything else than a text is no token. */
  readonly tokenIn: (body: string, headers: Headers) => unknown;
}

export function unavailable(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'IDENTITY_UNAVAILABLE', message, cause });
}

/** The address in a variable, once it is safe to send a credential there. */
export function credentialUrl(variable: string, address: string): URL {
  if (URL.canParse(address)) {
    const url = new URL(address);
    if (isLoopbackOrHttps(url)) return url;
  }
  throw unavailable(`${variable} is no https address`);
}

/** A member of an answer in JSON. */
export function jsonMember(body: string, name: string): unknown {
  return (parseBoundedJson(body) as Readonly<Record<string, unknown>> | null)?.[name];
}

/**
 * Asks for a token, again where another answer may come the next time, and for a bounded time.
 *
 * @throws SignedImageError `IDENTITY_UNAVAILABLE`; what was sent and answered is not in it
 */
export async function requestToken(request: TokenRequest, fetch: Host['fetch']): Promise<string> {
  const { service, what = 'an identity token', secrets } = request;
  let failure: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (attempt > 1) await delay(PAUSE_MS * attempt);
    try {
      const response = await withSystemAuthorities(() => send(request, fetch));
      if (response.ok) return tokenOf(request, await bodyOf(response), response.headers);
      await response.body?.cancel();
      failure = refusal(request, response.status) ?? new Error(`HTTP ${response.status}`);
    } catch (error) {
      failure = error;
    }
    if (failure instanceof SignedImageError) throw failure;
  }
  const cause = redactSecrets(failure, secrets);
  throw unavailable(
    `${what} could not be fetched from ${service} in ${ATTEMPTS} attempts (${reasonOf(cause)}); ` +
      'see whether it can be reached from here, and run again',
    cause,
  );
}

function send(
  { url, method = 'GET', headers, body }: TokenRequest,
  fetch: Host['fetch'],
): Promise<Response> {
  return fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body }),
    // The credential is for this address and for no other.
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

async function bodyOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > ANSWER_LIMIT) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tokenOf({ service, what, tokenIn }: TokenRequest, body: string, headers: Headers): string {
  try {
    const token = tokenIn(body, headers);
    if (typeof token === 'string' && token.trim() !== '') return token;
  } catch {
    // Falls through: a JSON error may quote the token.
  }
  throw unavailable(
    `${service} answered the request for ${what ?? 'an identity token'} with something else than a token`,
  );
}

/** A refusal is final; everything else may be different the next time. */
function refusal(
  { service, what, advice }: TokenRequest,
  status: number,
): SignedImageError | undefined {
  if (status === 408 || status === 429 || status >= 500) return undefined;
  const next = advice(status);
  return unavailable(
    `${service} answered the request for ${what ?? 'an identity token'} with HTTP ${status}` +
      (next === undefined ? '' : `; ${next}`),
  );
}

/** `fetch` tells what went wrong in the cause of its error. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && cause.message !== ''
    ? `${message}: ${cause.message}`
    : message || 'no answer';
}
