const tails = new Map<string, Promise<unknown>>();

/**
 * Runs what has the same key one after the other in this process. For what is read, changed and
 * written back, such as a tag that lists referrers or signatures.
 */
export async function withLock<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = tails.get(key) ?? Promise.resolve();
  const run = before.then(work, work);
  const tail = run.catch(() => undefined);
  tails.set(key, tail);
  try {
    return await run;
  } finally {
    if (tails.get(key) === tail) tails.delete(key);
  }
}
