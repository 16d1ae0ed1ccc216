import type { Clock } from '../host/clock';
import { ConnectionFailure } from './connection-failure';
import type { Deadline } from './deadline';
import type { HttpResponse } from './message';

/** How often each kind of failure of one operation is tried again. */
export interface RetryBudget {
  /** 429. */
  readonly throttled: number;
  /** 408 and 5xx. */
  readonly unavailable: number;
  /** Connections refused, dropped or timed out. */
  readonly dropped: number;
  /** Milliseconds; a longer `Retry-After` is cut to this. */
  readonly longestWait: number;
  /** Milliseconds for all requests of one piece of work: a verification, the signing of an image. */
  readonly task: number;
}

export const DEFAULT_BUDGET: RetryBudget = {
  throttled: 5,
  unavailable: 4,
  dropped: 4,
  longestWait: 60_000,
  task: 15 * 60_000,
};

const FIRST_WAIT = 250;
const LONGEST_BACKOFF = 8_000;

/**
 * Runs an attempt until it gives an answer that trying again would not change, or its budget is
 * spent: then the last answer is returned, or the last failure thrown. Attempts must be idempotent.
 *
 * @throws SignedImageError `REGISTRY_UNAVAILABLE` when the deadline would pass before another one
 */
export async function retrying(
  budget: RetryBudget,
  clock: Clock,
  attempt: () => Promise<HttpResponse>,
  deadline?: Deadline,
): Promise<HttpResponse> {
  const left = { ...budget };
  let wasStale = false;
  for (let tries = 0; ; tries += 1) {
    let wait = backoff(tries, clock);
    try {
      const response = await attempt();
      const kind = passingKind(response.status);
      if (kind === undefined || left[kind] <= 0) return response;
      left[kind] -= 1;
      wait = retryAfter(response, clock) ?? wait;
    } catch (error) {
      if (!(error instanceof ConnectionFailure) || !error.transient || left.dropped <= 0)
        throw error;
      left.dropped -= 1;
      // A server that closed an idle connection needs no time. Only once: it may have another reason.
      if (error.stale && !wasStale) {
        wasStale = true;
        tries -= 1;
        continue;
      }
    }
    wait = Math.min(wait, budget.longestWait);
    deadline?.left(wait);
    await clock.sleep(wait);
  }
}

function passingKind(status: number): 'throttled' | 'unavailable' | undefined {
  if (status === 429) return 'throttled';
  // 501 and 505 say that it will never work.
  return status === 408 || (status >= 500 && status !== 501 && status !== 505)
    ? 'unavailable'
    : undefined;
}

/** Doubles each time; the random half keeps many clients from coming back at once. */
export function backoff(tries: number, { random }: Clock): number {
  const full = Math.min(FIRST_WAIT * 2 ** tries, LONGEST_BACKOFF);
  return full / 2 + (full / 2) * random();
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-retry-after: seconds, or a date. */
function retryAfter({ headers }: HttpResponse, { now }: Clock): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(date - now(), 0);
}
