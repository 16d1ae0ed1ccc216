/** How the services of Sigstore are asked: a bounded time, a bounded number of times. */
export interface ServiceCallOptions {
  /** Milliseconds for one attempt. Default: 15000. */
  readonly timeoutMs?: number;
  /** Attempts after the first, for 408, 429, 5xx and dropped connections. Default: 3. */
  readonly retries?: number;
  /** Milliseconds before the second attempt; doubled for each further one. Default: 500. */
  readonly pauseMs?: number;
}

const LONGEST_PAUSE_MS = 8_000;

/** The options with their defaults. */
export function fetchOptions({
  timeoutMs = 15_000,
  retries = 3,
  pauseMs = 500,
}: ServiceCallOptions = {}) {
  return {
    timeout: timeoutMs,
    retry: {
      retries,
      factor: 2,
      minTimeout: pauseMs,
      maxTimeout: LONGEST_PAUSE_MS,
    },
  };
}

/**
 * The longest that one service may be asked, in milliseconds: every attempt to its end, every pause
 * at its longest.
 */
export function longestCall(call?: ServiceCallOptions): number {
  const { timeout, retry } = fetchOptions(call);
  // A service may ask for a pause up to the longest (`Retry-After`).
  return (retry.retries + 1) * timeout + retry.retries * retry.maxTimeout;
}

/** The messages of an error and of its causes, outermost first, each once. */
export function causesOf(error: unknown): string {
  const messages: string[] = [];
  for (
    let current = error;
    current instanceof Error && messages.length < 5;
    current = current.cause
  ) {
    const { message } = current;
    if (message !== '' && !messages.some((known) => known.includes(message)))
      messages.push(message);
  }
  return messages.join(': ');
}

/** The status of the HTTP answer that the error came from, if there was one. */
export function statusOf(error: unknown): number | undefined {
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 5;
    current = current.cause, depth += 1
  ) {
    const { statusCode } = current as { statusCode?: unknown };
    if (typeof statusCode === 'number') return statusCode;
  }
  return undefined;
}

/** Whether a service understood and said no, so that the same would be refused again. */
export function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
}
