/** The builds of this process: they end together when it is cancelled or stopped. */
export class RunningBuilds {
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  /**
   * Runs a build.
   *
   * @param signal - Cancels only this build.
   */
  async run<Result>(
    signal: AbortSignal | undefined,
    build: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const signals = [this.#stopped.signal, ...(signal ? [signal] : [])];
    const running = build(AbortSignal.any(signals));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Cancels all builds, and waits until their processes have ended and their files are removed. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.allSettled(this.#running);
  }
}
