import type { CertifiedKey } from './certified-key';

/**
 * The certificates of one run, which signatures of the same identity share (docs/adr/0008). They
 * and their keys are kept in memory only, and dropped at their end.
 */
export interface CertificateCache {
  /**
   * A certificate of this binding that is at hand.
   *
   * @param margin milliseconds that it must still be valid for
   */
  find(binding: string, margin: number): CertifiedKey | undefined;
  /**
   * The same, or a new one. Who asks at the same time shares one request, and its failure; the next
   * one asks again.
   */
  obtain(
    binding: string,
    margin: number,
    issue: () => Promise<CertifiedKey>,
  ): Promise<CertifiedKey>;
  /** A witness says that it saw a signature of this certificate (PEM) at this time. */
  witnessed(certificate: string, time: Date): void;
  /** No further signature is made with this certificate (PEM). */
  forget(certificate: string): void;
}

/** Two clocks, for neither is right alone: see {@link Held}. Default: this machine's. */
export interface CertificateClocks {
  readonly now?: () => Date;
  /** Milliseconds of a clock that nobody sets. */
  readonly elapsed?: () => number;
}

/**
 * A certificate and for how long it is good, counted from when it was asked for: the time of day
 * may be wrong here, and the authority's is not known.
 *
 * Its age is the larger one of two clocks': one that nobody sets stands still while a machine
 * sleeps, and the time of day may be set back.
 */
class Held {
  /** Milliseconds after it was asked for. */
  #until: number;

  constructor(
    readonly key: CertifiedKey,
    private readonly age: () => number,
    askedAt: Date,
  ) {
    const { notBefore, notAfter } = key;
    const lifetime = notAfter.getTime() - notBefore.getTime();
    // A clock here that is ahead shortens it, one that is behind does not make it longer.
    this.#until = Math.min(lifetime, notAfter.getTime() - askedAt.getTime());
  }

  get left(): number {
    return this.#until - this.age();
  }

  /** Corrects what is left by a clock that others believe. */
  witnessed(time: Date): void {
    const { notBefore, notAfter } = this.key;
    const left = time < notBefore ? 0 : notAfter.getTime() - time.getTime();
    this.#until = Math.min(this.#until, this.age() + left);
  }
}

/** Node's timers count no further: https://nodejs.org/api/timers.html */
const LONGEST_TIMER = 2 ** 31 - 1;

export function createCertificateCache({
  now = () => new Date(),
  elapsed = () => performance.now(),
}: CertificateClocks = {}): CertificateCache {
  const held = new Map<string, Held>();
  const asked = new Map<string, Promise<CertifiedKey>>();

  const drop = (certificate: string): void => {
    for (const [binding, { key }] of held) {
      if (key.certificate === certificate) held.delete(binding);
    }
  };

  const find = (binding: string, margin: number): CertifiedKey | undefined => {
    const found = held.get(binding);
    if (found === undefined) return undefined;
    if (found.left > margin) return found.key;
    held.delete(binding);
    return undefined;
  };

  const ask = async (
    binding: string,
    margin: number,
    issue: () => Promise<CertifiedKey>,
  ): Promise<CertifiedKey> => {
    const [askedAt, start] = [now(), elapsed()];
    const age = (): number => Math.max(elapsed() - start, now().getTime() - askedAt.getTime());
    const key = await issue();
    const one = new Held(key, age, askedAt);
    if (one.left > margin) {
      held.set(binding, one);
      // The key goes when it cannot be used any more, also where nobody asks again.
      setTimeout(() => drop(key.certificate), Math.min(one.left - margin, LONGEST_TIMER)).unref();
    }
    return key;
  };

  return {
    find,
    async obtain(binding, margin, issue) {
      const known = find(binding, margin) ?? asked.get(binding);
      if (known !== undefined) return known;
      const request = ask(binding, margin, issue);
      asked.set(binding, request);
      try {
        return await request;
      } finally {
        asked.delete(binding);
      }
    },
    witnessed(certificate, time) {
      for (const one of held.values()) {
        if (one.key.certificate === certificate) one.witnessed(time);
      }
    },
    forget: drop,
  };
}
