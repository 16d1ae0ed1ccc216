/** Per MiB: a parser with quadratic time exceeds it by far on any machine. */
const MOST_MS_FOR_A_MEBIBYTE = 400;
const LEAST_MS = 1000;

/**
 * Runs a synchronous function, and fails if this thread used more processor time than the limit for an
 * input of this size. Other load on the machine does not count.
 */
export async function withinProcessorTime<T>(bytes: number, run: () => T | Promise<T>): Promise<T> {
  const before = process.threadCpuUsage();
  try {
    return await run();
  } finally {
    const { user, system } = process.threadCpuUsage(before);
    const taken = Math.round((user + system) / 1000);
    const most = LEAST_MS + (bytes / 1024 / 1024) * MOST_MS_FOR_A_MEBIBYTE;
    if (taken > most) throw new Error(`it took ${taken} ms of processor time, more than ${most}`);
  }
}
