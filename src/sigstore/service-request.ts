import { setTimeout as delay } from 'node:timers/promises';

import type * as undici from 'undici';

import { parseBoundedJson } from '../http/json-bounds';
import { withSystemAuthorities } from '../http/system-authorities';
import { type ServiceCallOptions, fetchOptions } from '../http/service-call';

/** A service's answer was not what was asked for. Its message is foreign text. */
export class ServiceRefusal extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
  ) {
    super(`(${statusCode}) ${message}`);
  }
}

export interface ServiceRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Sent as JSON. */
  readonly json?: unknown;
}

export interface ServiceResponse {
  readonly status: number;
  readonly body: Buffer;
}

const ANSWER_LIMIT = 1024 * 1024;
const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

interface Answer extends ServiceResponse {
  readonly retryAfter: string | undefined;
}

/**
 * Asks a service, and again while it is busy or cannot be reached. No redirect is followed: what is
 * sent may hold an identity token, which would go with it.
 *
 * @throws ServiceRefusal for a redirect and for an answer of more than 1 MiB; else the error of the
 *   connection. Either may repeat what was sent.
 */
export async function askService(
  asked: ServiceRequest,
  call?: ServiceCallOptions,
): Promise<ServiceResponse> {
  const { timeout, retry } = fetchOptions(call);
  const dispatcher = await agentFor(timeout);
  for (let tries = 0; ; tries += 1) {
    const last = tries >= retry.retries;
    let wait = Math.min(retry.minTimeout * retry.factor ** tries, retry.maxTimeout);
    try {
      const answer = await withSystemAuthorities(() => send(asked, dispatcher, timeout));
      if (last || !isPassing(answer.status)) return answer;
      wait = Math.min(secondsOf(answer.retryAfter) ?? wait, retry.maxTimeout);
    } catch (error) {
      if (last || error instanceof ServiceRefusal) throw error;
    }
    await delay(wait);
  }
}

const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy'];
const agents = new Map<string, undici.EnvHttpProxyAgent>();

/**
 * One pool of connections for all that waits as long and goes by the same proxy. Connections that
 * nobody uses are closed after some seconds, and keep no process alive.
 */
async function agentFor(timeout: number): Promise<undici.EnvHttpProxyAgent> {
  const proxies = PROXY_VARIABLES.flatMap((name) => [name, name.toUpperCase()]).map(
    (name) => process.env[name],
  );
  const key = JSON.stringify([timeout, ...proxies]);
  const known = agents.get(key);
  if (known) return known;
  const times = { connect: { timeout }, headersTimeout: timeout, bodyTimeout: timeout };
  // Loaded on the first use: most keys need none of it.
  const { EnvHttpProxyAgent } = await import('undici');
  const made = agents.get(key);
  if (made) return made;
  const agent = new EnvHttpProxyAgent(times);
  agents.set(key, agent);
  return agent;
}

async function send(
  { method, url, json }: ServiceRequest,
  dispatcher: undici.EnvHttpProxyAgent,
  timeout: number,
): Promise<Answer> {
  const { request } = await import('undici');
  const { statusCode, headers, body } = await request(url, {
    method,
    dispatcher,
    signal: AbortSignal.timeout(timeout),
    headers: {
      accept: 'application/json',
      ...(json !== undefined && { 'content-type': 'application/json' }),
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > ANSWER_LIMIT) throw new ServiceRefusal(statusCode, 'its answer is too long');
    chunks.push(chunk as Buffer);
  }
  if (statusCode >= 300 && statusCode < 400) {
    throw new ServiceRefusal(statusCode, 'it redirects, and nothing is sent elsewhere');
  }
  const retryAfter = headers['retry-after'];
  return {
    status: statusCode,
    retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
    body: Buffer.concat(chunks),
  };
}

function secondsOf(retryAfter: string | undefined): number | undefined {
  return retryAfter !== undefined && /^\d+$/.test(retryAfter.trim())
    ? Number(retryAfter) * 1000
    : undefined;
}

/** The JSON object of an answer; `undefined` for anything else. */
export function jsonOf({ body }: ServiceResponse): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseBoundedJson(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** An answer that says no, with what the service says about it. */
export function refusalOf(answer: ServiceResponse): ServiceRefusal {
  const message = jsonOf(answer)?.['message'];
  const said = typeof message === 'string' ? message.slice(0, 1000) : '';
  return new ServiceRefusal(answer.status, said || 'it does not say why');
}
