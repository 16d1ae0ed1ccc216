import { Stopped } from '../rpc/status';

/**
 * Admits a limited number of steps at a time, and none after a failure. Steps in progress always finish and are recorded, because
 * every created resource must be in the state.
 */
export class Gate {
  readonly #limit: number;
  readonly #stop = new AbortController();
  readonly #waiting: (() => void)[] = [];
  readonly #idle: (() => void)[] = [];
  #inside = 0;

  constructor(limit: number) {
    this.#limit = Math.max(1, limit);
  }

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Aborted when the run stops. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(): void {
    this.#stop.abort();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** @throws Stopped when the run has stopped */
  check(): void {
    if (this.stopped) throw new Stopped('the run has stopped');
  }

  async enter<T>(work: () => Promise<T>): Promise<T> {
    this.check();
    while (this.#inside >= this.#limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.check();
    }
    this.#inside += 1;
    try {
      return await work();
    } finally {
      this.#inside -= 1;
      this.#waiting.shift()?.();
      if (this.#inside === 0) for (const wake of this.#idle.splice(0)) wake();
    }
  }

  /** Resolves when no step is in progress. */
  async idle(): Promise<void> {
    while (this.#inside > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
