import { messageOf, SignedImageError } from '../../error';
import { redactSecrets, redactText } from '../../error/redaction';
import { ConnectionFailure } from '../../http/connection-failure';
import { parseBoundedJson } from '../../http/json-bounds';
import type { HttpResponse, ServiceRequest } from '../../http/message';
import { proxyFailure } from '../../http/proxy-error';
import { serviceClient } from '../../http/service-client';
import { isTransientStatus, withServiceRetry } from '../../http/service-retry';
import { systemErrorCode } from '../../http/system-error';
import type { KeyHost } from '../backend';
import type { GitlabServer } from './gitlab-server';

/** What GitLab answered. */
export interface GitlabAnswer {
  readonly status: number;
  /** The JSON value; `undefined` where the body is none. May hold a secret. */
  readonly body: unknown;
  /** GitLab's own words for a refusal, without secrets. */
  readonly said: string;
}

export interface GitlabApi {
  readonly server: string;
  /**
   * Asks again where that is safe, and for a bounded time.
   *
   * @param path below `/api/v4`, encoded
   * @param body a request with a body changes something, so it is sent again only after a refusal
   *   that came before it was looked at
   * @throws SignedImageError `KEY_SERVICE_FAILED` where there is no answer, or one of 5xx or 429
   */
  ask(method: Method, path: string, body?: object): Promise<GitlabAnswer>;
}

type Method = 'GET' | 'POST' | 'DELETE';

const ATTEMPTS = 3;
const PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 5_000;
const TIMEOUT_MS = 15_000;
const ANSWER_LIMIT = 1024 * 1024;
const REDIRECTS = 3;
const LONGEST_WORDS = 300;

function failed(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'KEY_SERVICE_FAILED', message, cause });
}

function jsonOf(body: Buffer): unknown {
  try {
    return parseBoundedJson(body);
  } catch {
    return undefined;
  }
}

/** GitLab says what is wrong in `message`, and its OAuth layer in `error_description`. */
function wordsOf(body: unknown, secrets: readonly string[]): string {
  const { message, error_description, error } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const said = message ?? error_description ?? error;
  if (said === undefined) return 'no reason given';
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  return redactText(text.slice(0, LONGEST_WORDS), secrets);
}

function isOurs(error: unknown): boolean {
  return error instanceof SignedImageError && !(error instanceof ConnectionFailure);
}

/** Asks GitLab's REST API with a token that goes to this server and to no other. */
export function gitlabApi({ api, token }: GitlabServer, host: KeyHost): GitlabApi {
  const { origin } = new URL(api);
  const send = serviceClient(host);

  /** A renamed project answers with its new address; elsewhere the token has no business. */
  const followed = async (request: ServiceRequest): Promise<HttpResponse> => {
    let target = request.url;
    for (let hop = 0; hop <= REDIRECTS; hop += 1) {
      const response = await send({ ...request, url: target });
      const { location } = response.headers;
      if (response.status < 300 || response.status >= 400 || location === undefined)
        return response;
      const next = URL.canParse(location, target.href) ? new URL(location, target) : undefined;
      if (next?.origin !== origin) {
        throw failed(
          `GitLab at ${origin} redirects to ${next?.origin ?? 'no valid address'}, where the token is not sent; set GITLAB_HOST to the address that is meant`,
        );
      }
      if (request.method !== 'GET') {
        throw failed(
          `GitLab at ${origin} says that this project or group has moved; use its new path`,
        );
      }
      target = next;
    }
    throw failed(`GitLab at ${origin} redirects without end`);
  };

  const requestOf = (method: Method, path: string, body?: object): ServiceRequest => ({
    method,
    url: new URL(`${api}${path}`),
    headers: {
      'private-token': token,
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }),
    limit: ANSWER_LIMIT,
    timeout: TIMEOUT_MS,
  });

  const notReached = (error: unknown, secrets: readonly string[]): SignedImageError => {
    if (error instanceof SignedImageError && error.code === 'CONTENT_TOO_LARGE')
      return failed('GitLab answered with more than 1 MiB');
    if (error instanceof SignedImageError && error.code === 'KEY_SERVICE_FAILED') return error;
    if (error instanceof SignedImageError && error.code === 'INPUT_INVALID')
      return failed(error.message);
    const cause = redactSecrets(error, secrets);
    const proxy = proxyFailure(error);
    if (proxy !== undefined)
      return failed(`GitLab at ${origin} cannot be reached: ${redactText(proxy, secrets)}`, cause);
    const reason = systemErrorCode(cause) || messageOf(cause);
    return failed(
      `GitLab at ${origin} cannot be asked (${reason}); check GITLAB_HOST and that it can be reached from here`,
      cause,
    );
  };

  return {
    server: origin,
    ask: async (method, path, body) => {
      const secrets = [
        token,
        ...Object.values(body ?? {}).filter((one) => typeof one === 'string'),
      ];
      const isRead = method === 'GET';
      const retry = {
        attempts: ATTEMPTS,
        pause: (made: number) => PAUSE_MS * made,
        longestPause: LONGEST_PAUSE_MS,
        isTransient: ({ status }: HttpResponse) => status === 429 || (isRead && status >= 500),
        isTransientError: (error: unknown) => isRead && !isOurs(error),
      };
      let response: HttpResponse;
      try {
        response = await withServiceRetry(retry, () => followed(requestOf(method, path, body)));
      } catch (error) {
        throw notReached(error, secrets);
      }
      const { status } = response;
      const json = jsonOf(response.body);
      const said = wordsOf(json, secrets);
      if (status !== 408 && isTransientStatus({ status }))
        throw failed(`GitLab at ${origin} answered HTTP ${status} (${said}); run again later`);
      return { status, body: json, said };
    },
  };
}
