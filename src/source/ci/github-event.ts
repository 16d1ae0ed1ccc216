import { readFileSync, statSync } from 'node:fs';

import { parseBoundedJson } from '../../http/json-bounds';
import { type Env, textOf } from '../detected';

/** Events have about 100 kB; GitHub's limit for a payload is 25 MB. */
const MAX_EVENT_BYTES = 25 * 1024 * 1024;

/**
 * Reads the event that started the run from the runner's file; `undefined` if it cannot be read. It can only add
 * facts: without it a pull request counts as one from a fork.
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
export interface PullRequestHead {
  /** `owner/name`. */
  readonly slug?: string;
  readonly url?: string;
}

/**
 * Returns the head repository of a pull request event, without members if the fork was deleted.
 *
 * https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request
 */
export function parsePullRequest(event: unknown): PullRequestHead | undefined {
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
