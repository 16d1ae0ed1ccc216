import type { LogProgress } from './log-follower';

/** How often a line of progress is replaced. */
const INTERVAL_MS = 500;

function durationText(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Formats progress with its rate and the remaining time at this rate. */
export function progressText({ done, total }: LogProgress, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
  const percent = total > 0 ? Math.floor((done * 100) / total) : 100;
  const remaining = rate > 0 ? `, ${durationText((total - done) / rate)} left` : '';
  return `${done} of ${total} entries (${percent} %), ${Math.round(rate)} per second${remaining}`;
}

/**
 * Creates a listener that shows progress in one line of a terminal.
 *
 * @param write writes text without a line break
 * @param now milliseconds
 */
export function createProgressLine(
  write: (text: string) => void,
  now: () => number = Date.now,
): { readonly onProgress: (progress: LogProgress) => void; end(): void } {
  const started = now();
  let shown = 0;
  let isShown = false;
  return {
    onProgress(progress) {
      if (now() - shown < INTERVAL_MS) return;
      shown = now();
      isShown = true;
      // Return to the start of the line, and clear it to its end.
      write(`\r${progressText(progress, now() - started)}\u001b[K`);
    },
    end() {
      if (isShown) write('\r\u001b[K');
    },
  };
}
