import { SignedImageError } from '../error';
import type { Clock } from '../host/clock';

/** The time by which a piece of work with a registry must be done, however it is split. */
export class Deadline {
  readonly #host: string;
  readonly #milliseconds: number;
  readonly #now: Clock['now'];
  readonly #ends: number;

  constructor(host: string, milliseconds: number, now: Clock['now'], began: number) {
    this.#host = host;
    this.#milliseconds = milliseconds;
    this.#now = now;
    this.#ends = began + milliseconds;
  }

  /**
   * Milliseconds that are left, more than 0.
   *
   * @throws SignedImageError `REGISTRY_UNAVAILABLE` when none is, or when `needed` are not
   */
  left(needed = 0): number {
    const left = this.#ends - this.#now();
    if (left > needed) return left;
    throw this.error();
  }

  isOver(): boolean {
    return this.#ends <= this.#now();
  }

  /** Waits for it no longer than is left. */
  async waitFor<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.error()), this.left());
    });
    try {
      return await Promise.race([work, over]);
    } finally {
      clearTimeout(timer);
    }
  }

  error(cause?: unknown): SignedImageError {
    return new SignedImageError({
      code: 'REGISTRY_UNAVAILABLE',
      message: `registry ${this.#host} was not done within the ${this.#milliseconds / 1000} s that the whole of it may take; try again later`,
      cause,
    });
  }
}
