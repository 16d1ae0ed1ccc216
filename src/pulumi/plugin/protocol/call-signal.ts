/** What a call of gRPC emits when the other side cancels it, or its connection ends. */
export interface CancellableCall {
  on(event: 'cancelled', listener: () => void): unknown;
}

/** The largest delay of a timer of Node. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Returns the signal with which the work of a call ends: the engine cancels it or is gone, or the time that
 * `customTimeouts` allows is over.
 *
 * @param seconds - As in the request; 0: without a limit.
 */
export function callSignal(call: CancellableCall, seconds: number): AbortSignal {
  const cancelled = new AbortController();
  call.on('cancelled', () => cancelled.abort());
  if (!(seconds > 0)) return cancelled.signal;
  const timeout = AbortSignal.timeout(Math.min(Math.ceil(seconds * 1000), MAX_TIMEOUT_MS));
  return AbortSignal.any([cancelled.signal, timeout]);
}
