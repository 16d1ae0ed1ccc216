import { setTimeout as delay } from 'node:timers/promises';

import { SignedImageError } from '../../error';
import { parseBoundedJson } from '../../http/json-bounds';
import { redactSecrets, redactText } from '../../error/redaction';
import { withSystemAuthorities } from '../../http/system-authorities';
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
  ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<GitlabAnswer>;
}

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

async function jsonOf(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > ANSWER_LIMIT) throw failed('GitLab answered with more than 1 MiB');
    chunks.push(chunk);
  }
  try {
    return parseBoundedJson(Buffer.concat(chunks));
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

/** `fetch` tells what went wrong in the cause of its error. */
function reasonOf(error: Error): string {
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const { code } = cause as NodeJS.ErrnoException;
  return code ?? (cause.message || error.message);
}

function pauseBefore(attempt: number, retryAfter: string | null): number {
  const seconds = Number(retryAfter ?? Number.NaN);
  const wanted = Number.isFinite(seconds) ? seconds * 1000 : PAUSE_MS * attempt;
  return Math.min(Math.max(wanted, PAUSE_MS), LONGEST_PAUSE_MS);
}

/** Asks GitLab's REST API with a token that goes to this server and to no other. */
export function gitlabApi({ api, token }: GitlabServer, host: KeyHost): GitlabApi {
  const { origin } = new URL(api);
  const fetch = host.fetch ?? globalThis.fetch;

  /** A renamed project answers with its new address; elsewhere the token has no business. */
  const followed = async (url: string, init: RequestInit): Promise<Response> => {
    let target = url;
    for (let hop = 0; hop <= REDIRECTS; hop += 1) {
      const response = await withSystemAuthorities(() =>
        fetch(target, { ...init, redirect: 'manual' }),
      );
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) return response;
      await response.body?.cancel();
      const next = URL.canParse(location, target) ? new URL(location, target) : undefined;
      if (next?.origin !== origin) {
        throw failed(
          `GitLab at ${origin} redirects to ${next?.origin ?? 'no valid address'}, where the token is not sent; set GITLAB_HOST to the address that is meant`,
        );
      }
      if (init.method !== 'GET') {
        throw failed(
          `GitLab at ${origin} says that this project or group has moved; use its new path`,
        );
      }
      target = next.href;
    }
    throw failed(`GitLab at ${origin} redirects without end`);
  };

  const send = async (method: string, path: string, body?: object): Promise<Response> =>
    followed(`${api}${path}`, {
      method,
      headers: {
        'private-token': token,
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });

  return {
    server: origin,
    ask: async (method, path, body) => {
      const secrets = [
        token,
        ...Object.values(body ?? {}).filter((one) => typeof one === 'string'),
      ];
      for (let attempt = 1; ; attempt += 1) {
        const last = attempt === ATTEMPTS;
        let response: Response;
        let json: unknown;
        try {
          response = await send(method, path, body);
          json = await jsonOf(response);
        } catch (error) {
          if (error instanceof SignedImageError) throw error;
          const cause = redactSecrets(error, secrets);
          if (last || method !== 'GET') {
            throw failed(
              `GitLab at ${origin} cannot be asked (${reasonOf(cause)}); check GITLAB_HOST and that it can be reached from here`,
              cause,
            );
          }
          await delay(PAUSE_MS * attempt);
          continue;
        }
        const { status } = response;
        const said = wordsOf(json, secrets);
        if (status !== 429 && status < 500) return { status, body: json, said };
        if (last || (status !== 429 && method !== 'GET')) {
          throw failed(`GitLab at ${origin} answered HTTP ${status} (${said}); run again later`);
        }
        await delay(pauseBefore(attempt, response.headers.get('retry-after')));
      }
    },
  };
}
