import type { CertifiedKey } from './certified-key';

/**
 * The certificates of one run, which signatures of the same identity share (docs/explanation/adr/0008). They
 * and their keys are kept in memory only, and dropped at their end.
 */
export interface CertificateCache {
  /**
   * Returns the cached certificate of this binding.
   *
   * @param margin milliseconds that it must still be valid for
   */
  find(binding: string, margin: number): CertifiedKey | undefined;
  /**
   * Returns the cached certificate or a new one. Concurrent callers share one request and its
   * failure; the next call retries.
   */
  obtain(
    binding: string,
    margin: number,
    issue: () => Promise<CertifiedKey>,
  ): Promise<CertifiedKey>;
  /** Records that a log or a timestamp authority returned this time for a signature of this certificate (PEM). */
  recordTime(certificate: string, time: Date): void;
  /** Drops this certificate (PEM): no further signature is made with it. */
  forget(certificate: string): void;
}

/** Two clocks, as neither is reliable alone: see {@link CachedCertificate}. Default: this machine's. */
export interface CertificateClocks {
  readonly now?: () => Date;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed?: () => number;
}

/**
 * A certificate and its remaining validity, counted from when it was requested: the time of day may
 * be wrong here, and the authority's is not known.
 *
 * Its age is the larger one of two clocks: a monotonic clock stops while a machine sleeps, and the
 * time of day may be set back.
 */
class CachedCertificate {
  /** Milliseconds after the request. */
  #until: number;

  constructor(
    readonly key: CertifiedKey,
    private readonly age: () => number,
    requestedAt: Date,
  ) {
    const { notBefore, notAfter } = key;
    const lifetime = notAfter.getTime() - notBefore.getTime();
    // A local clock that is ahead shortens the validity; one that is behind does not extend it.
    this.#until = Math.min(lifetime, notAfter.getTime() - requestedAt.getTime());
  }

  get remaining(): number {
    return this.#until - this.age();
  }

  /** Corrects the remaining validity by the clock of a log or timestamp authority. */
  recordTime(time: Date): void {
    const { notBefore, notAfter } = this.key;
    const remaining = time < notBefore ? 0 : notAfter.getTime() - time.getTime();
    this.#until = Math.min(this.#until, this.age() + remaining);
  }
}

/** The longest delay of Node's timers, in milliseconds: https://nodejs.org/api/timers.html */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createCertificateCache({
  now = () => new Date(),
  elapsed = () => performance.now(),
}: CertificateClocks = {}): CertificateCache {
  const cached = new Map<string, CachedCertificate>();
  const pending = new Map<string, Promise<CertifiedKey>>();

  const drop = (certificate: string): void => {
    for (const [binding, { key }] of cached) {
      if (key.certificate === certificate) cached.delete(binding);
    }
  };

  const find = (binding: string, margin: number): CertifiedKey | undefined => {
    const found = cached.get(binding);
    if (found === undefined) return undefined;
    if (found.remaining > margin) return found.key;
    cached.delete(binding);
    return undefined;
  };

  const request = async (
    binding: string,
    margin: number,
    issue: () => Promise<CertifiedKey>,
  ): Promise<CertifiedKey> => {
    const [requestedAt, start] = [now(), elapsed()];
    const age = (): number => Math.max(elapsed() - start, now().getTime() - requestedAt.getTime());
    const key = await issue();
    const certificate = new CachedCertificate(key, age, requestedAt);
    if (certificate.remaining > margin) {
      cached.set(binding, certificate);
      // The key is dropped when it can no longer be used, even if it is not requested again.
      setTimeout(
        () => drop(key.certificate),
        Math.min(certificate.remaining - margin, MAX_TIMER_MS),
      ).unref();
    }
    return key;
  };

  return {
    find,
    async obtain(binding, margin, issue) {
      const known = find(binding, margin) ?? pending.get(binding);
      if (known !== undefined) return known;
      const requested = request(binding, margin, issue);
      pending.set(binding, requested);
      try {
        return await requested;
      } finally {
        pending.delete(binding);
      }
    },
    recordTime(certificate, time) {
      for (const each of cached.values()) {
        if (each.key.certificate === certificate) each.recordTime(time);
      }
    },
    forget: drop,
  };
}
