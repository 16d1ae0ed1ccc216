import { readFileSync, statSync } from 'node:fs';

import { parseBoundedJson } from '../http/json-bounds';
import { type Env, textOf } from './detected';

/** Events are some 100 kB; GitHub's own limit for a payload is 25 MB. */
const MAX_EVENT_BYTES = 25 * 1024 * 1024;

/**
 * The event that started the run, from the file that the runner wrote; `undefined` if it cannot be read. It
 * only ever adds facts: without it a request counts as one from a fork.
 */
export function readGithubEvent(env: Env): unknown {
  const path = textOf(env, 'GITHUB_EVENT_PATH');
  if (env['GITHUB_ACTIONS'] !== 'true' || path === undefined) return undefined;
  try {
    if (statSync(path).size > MAX_EVENT_BYTES) return undefined;
    return parseBoundedJson(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** The head of a pull request. */
export interface GithubHead {
  /** `owner/name`. */
  readonly slug?: string;
  readonly url?: string;
}

/**
 * The head repository that an event of a pull request names; without members where the fork was deleted.
 *
 * https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request
 */
export function readGithubRequest(event: unknown): GithubHead | undefined {
  const request = member(event, 'pull_request');
  if (request === undefined) return undefined;
  const repository = member(member(request, 'head'), 'repo');
  const slug = member(repository, 'full_name');
  const url = member(repository, 'html_url');
  return {
    ...(typeof slug === 'string' && { slug }),
    ...(typeof url === 'string' && { url }),
  };
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
