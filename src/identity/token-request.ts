import { messageOf, SignedImageError } from '../error';
import { ConnectionFailure } from '../http/connection-failure';
import { parseBoundedJson } from '../http/json-bounds';
import { redactSecrets } from '../error/redaction';
import type { HttpResponse, HttpSend } from '../http/message';
import { isTransientStatus, withServiceRetry } from '../http/service-retry';
import { isLoopbackOrHttps } from '../http/service-url';

const ATTEMPTS = 3;
const TIMEOUT_MS = 10_000;
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
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
  /** Returns the token in a response; only a string counts as a token. */
  readonly tokenIn: (body: string, headers: HttpResponse['headers']) => unknown;
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
  throw unavailable(`${variable} is not an https URL`);
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
export async function requestToken(request: TokenRequest, send: HttpSend): Promise<string> {
  const { service, what = 'an identity token', secrets } = request;
  let response: HttpResponse;
  try {
    response = await withServiceRetry(RETRY, () => sendRequest(request, send));
  } catch (error) {
    if (error instanceof SignedImageError && error.code === 'CONTENT_TOO_LARGE')
      throw notToken(request);
    const cause = redactSecrets(error, secrets);
    throw unavailable(
      `${what} could not be fetched from ${service} in ${ATTEMPTS} attempts (${messageOf(cause) || 'no answer'}); ` +
        'see whether it can be reached from here, and run again',
      cause,
    );
  }
  const { status, body, headers } = response;
  if (status >= 200 && status < 300) return tokenOf(request, body.toString('utf8'), headers);
  throw refusal(request, status);
}

const RETRY = {
  attempts: ATTEMPTS,
  pause: (made: number) => PAUSE_MS * (made + 1),
  longestPause: LONGEST_PAUSE_MS,
  isTransientError: (error: unknown) =>
    !(error instanceof SignedImageError) || error instanceof ConnectionFailure,
};

function sendRequest(
  { url, method = 'GET', headers, body }: TokenRequest,
  send: HttpSend,
): Promise<HttpResponse> {
  return send({
    method,
    url,
    headers,
    ...(body !== undefined && { body: Buffer.from(body) }),
    limit: ANSWER_LIMIT,
    timeout: TIMEOUT_MS,
  });
}

function tokenOf(request: TokenRequest, body: string, headers: HttpResponse['headers']): string {
  try {
    const token = request.tokenIn(body, headers);
    if (typeof token === 'string' && token.trim() !== '') return token;
  } catch {
    // Falls through: a JSON error may quote the token.
  }
  throw notToken(request);
}

function notToken({ service, what = 'an identity token' }: TokenRequest): SignedImageError {
  return unavailable(
    `${service} answered the request for ${what} with something else than a token`,
  );
}

function refusal({ service, what = 'an identity token', advice }: TokenRequest, status: number) {
  if (isTransientStatus({ status })) {
    return unavailable(
      `${what} could not be fetched from ${service} in ${ATTEMPTS} attempts (HTTP ${status}); ` +
        'see whether it can be reached from here, and run again',
    );
  }
  // The credential is for this address and for no other.
  if (status >= 300 && status < 400) {
    return unavailable(
      `${what} could not be fetched from ${service}: it redirects (HTTP ${status}), which is not followed`,
    );
  }
  const next = advice(status);
  return unavailable(
    `${service} answered the request for ${what} with HTTP ${status}` +
      (next === undefined ? '' : `; ${next}`),
  );
}
