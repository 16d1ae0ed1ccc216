import { setTimeout as delay } from 'node:timers/promises';

import { ConnectionFailure } from './connection-failure';
import type { HttpResponse } from './message';

/** When a request to a service is sent again. */
export interface ServiceRetry {
  /** Attempts, the first one included. */
  readonly attempts: number;
  /** Milliseconds before the next attempt, after so many (1 for the first). */
  readonly pause: (attempts: number) => number;
  /** Milliseconds; a longer `Retry-After` is cut to this. */
  readonly longestPause: number;
  /** Default: 408, 429 and 5xx. */
  readonly isTransient?: ((response: HttpResponse) => boolean) | undefined;
  /** Whether a failure to get a response is worth another attempt. */
  readonly isTransientError: (error: unknown) => boolean;
}

/**
 * Runs an attempt until it gives a response that another one would not change, or there are no attempts left:
 * then the last response is returned, or the last error thrown.
 */
export async function withServiceRetry<T extends HttpResponse>(
  {
    attempts,
    pause,
    longestPause,
    isTransient = isTransientStatus,
    isTransientError,
  }: ServiceRetry,
  attempt: () => Promise<T>,
): Promise<T> {
  let hasReconnected = false;
  for (let made = 1; ; made += 1) {
    const isLast = made >= attempts;
    let wait = pause(made);
    try {
      const response = await attempt();
      if (isLast || !isTransient(response)) return response;
      wait = secondsOf(response) ?? wait;
    } catch (error) {
      if (!isTransientError(error)) throw error;
      // The server had closed an idle connection: a new one needs no wait, and is not an attempt.
      const isStale = error instanceof ConnectionFailure && error.stale;
      if (isStale && !hasReconnected) {
        hasReconnected = true;
        made -= 1;
        continue;
      }
      if (isLast) throw error;
    }
    await delay(Math.min(wait, longestPause));
  }
}

export function isTransientStatus({ status }: Pick<HttpResponse, 'status'>): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Milliseconds: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after, in seconds only. */
function secondsOf({ headers }: HttpResponse): number | undefined {
  const value = headers['retry-after']?.trim();
  return value !== undefined && /^\d+$/.test(value) ? Number(value) * 1000 : undefined;
}
