/** Lets so many in at a time for each key; the others wait, in the order in which they came. */
export class Turnstile {
  readonly #most: number;
  readonly #inside = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Whoever was let in has to `leave` again.
   *
   * @throws the signal's reason, when it is aborted before there is a place
   */
  async enter(key: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const inside = this.#inside.get(key) ?? 0;
    if (inside < this.#most) {
      this.#inside.set(key, inside + 1);
      return;
    }
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.set(key, waiting);
    await new Promise<void>((resolve, reject) => {
      const next = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(next), 1);
        reject(signal.reason as unknown);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      waiting.push(next);
    });
  }

  /** The place goes to the one that has waited longest. */
  leave(key: string): void {
    const next = this.#waiting.get(key)?.shift();
    if (next) {
      next();
      return;
    }
    this.#waiting.delete(key);
    const inside = (this.#inside.get(key) ?? 0) - 1;
    if (inside > 0) this.#inside.set(key, inside);
    else this.#inside.delete(key);
  }
}
