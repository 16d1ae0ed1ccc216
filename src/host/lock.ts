const tails = new Map<string, Promise<unknown>>();

/**
 * Runs work with the same key sequentially within this process. For read-modify-write operations,
 * such as updating a tag that lists referrers or signatures.
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
