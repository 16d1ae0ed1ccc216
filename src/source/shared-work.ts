/**
 * Work whose result several callers want at one time, such as many images of one program. A caller shares only
 * what begins after its call: what others began before may have read a file that has changed since.
 */
export class SharedWork<Result> {
  private readonly running = new Map<string, Promise<Result>>();
  private readonly waiting = new Map<string, Promise<Result>>();

  run(key: string, work: () => Promise<Result>): Promise<Result> {
    const waiting = this.waiting.get(key);
    if (waiting) return waiting;
    const begin = (): Promise<Result> => {
      this.waiting.delete(key);
      this.running.set(key, next);
      return work();
    };
    const next: Promise<Result> = Promise.resolve(this.running.get(key)).then(begin, begin);
    this.waiting.set(key, next);
    const end = (): void => {
      if (this.running.get(key) === next) this.running.delete(key);
    };
    next.then(end, end);
    return next;
  }
}
