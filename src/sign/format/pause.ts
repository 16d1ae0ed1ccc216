const FIRST_MS = 20;
const LONGEST_MS = 1_000;

/** Waits before another try: growing, and different in each process, so that two do not meet for ever. */
export function pause(attempt: number): Promise<void> {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  const milliseconds = longest * (0.5 + Math.random() / 2);
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
