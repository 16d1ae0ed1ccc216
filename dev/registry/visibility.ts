interface Pending {
  left: number;
  readonly previous: string | undefined;
}

/**
 * Eventual consistency: for the next n reads a reference that was just written resolves to its
 * previous digest (or does not exist), as in registries on an eventually consistent store.
 */
export class Visibility {
  readonly #pending = new Map<string, Pending>();

  wrote(repository: string, reference: string, previous: string | undefined, reads: number): void {
    if (reads > 0) this.#pending.set(`${repository}@${reference}`, { left: reads, previous });
  }

  /** The digest that this read returns; `now` is the stored one. */
  read(repository: string, reference: string, now: string | undefined): string | undefined {
    const key = `${repository}@${reference}`;
    const pending = this.#pending.get(key);
    if (!pending) return now;
    pending.left -= 1;
    if (pending.left <= 0) this.#pending.delete(key);
    return pending.previous;
  }
}
