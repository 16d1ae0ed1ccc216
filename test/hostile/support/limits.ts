const MOST_GROWTH = 200 * 1024 * 1024;
const EVERY_MS = 5;

/** Memory in use, of all kinds that a response can fill. */
function held(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * Runs a function, and fails if the memory in use grew by more than 200 MB meanwhile. The limit is
 * coarse, because garbage that is not collected yet counts too.
 */
export async function withinMemory<T>(run: () => Promise<T>): Promise<T> {
  const before = held();
  let most = before;
  const sample = (): void => {
    most = Math.max(most, held());
  };
  const timer = setInterval(sample, EVERY_MS);
  try {
    return await run();
  } finally {
    clearInterval(timer);
    sample();
    if (most - before > MOST_GROWTH) {
      throw new Error(`it used ${Math.round((most - before) / 1024 / 1024)} MB of memory`);
    }
  }
}
