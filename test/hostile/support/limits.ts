const MOST_GROWTH = 200 * 1024 * 1024;
const EVERY_MS = 5;

/** Memory held now, of all kinds that a foreign answer may fill. */
function held(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * Runs it, and fails when the memory held grew by more than 200 MB meanwhile: garbage that is not
 * collected yet counts too, so this is coarse.
 */
export async function withinMemory<T>(run: () => Promise<T>): Promise<T> {
  const before = held();
  let most = before;
  const look = (): void => {
    most = Math.max(most, held());
  };
  const timer = setInterval(look, EVERY_MS);
  try {
    return await run();
  } finally {
    clearInterval(timer);
    look();
    if (most - before > MOST_GROWTH) {
      throw new Error(`it took ${Math.round((most - before) / 1024 / 1024)} MB of memory`);
    }
  }
}
