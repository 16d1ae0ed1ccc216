import type { BuildLog } from '../../../build';
import type { ResourceLog } from '../protocol/engine-log';

/** How often the elapsed time is shown while a step runs. */
const REFRESH_MS = 5_000;
const MAX_STEP_LENGTH = 120;

/**
 * The line with which a builder begins a step: `#5 [2/3] RUN make` (BuildKit), `Step 2/3 : RUN make` (docker),
 * `[1/2] STEP 2/3: RUN make` (podman and buildah).
 */
const STEP_STARTS: readonly RegExp[] = [
  /^#\d+ \[(?!internal\])([^\]]*\d+\/\d+)\] (.+)$/,
  /^#\d+ ((?:exporting|pushing|importing|resolving|generating) \S.*)$/,
  /^(?:\[\d+\/\d+\] )?step (\d+\/\d+) ?: (.+)$/i,
];

/** Returns the step that begins with a line of a builder's output. */
export function stepOf(line: string): string | undefined {
  for (const start of STEP_STARTS) {
    const found = start.exec(line.trim());
    if (found) return found.slice(1).join(' ').slice(0, MAX_STEP_LENGTH);
  }
  return undefined;
}

/**
 * Runs a build and shows one status line that changes: the step and the elapsed time. The builder's output is
 * logged for `--debug`.
 */
export async function withProgress<Result>(
  builder: string,
  log: ResourceLog,
  build: (take: BuildLog) => Promise<Result>,
): Promise<Result> {
  const started = Date.now();
  let step: string | undefined;
  const show = (): void => {
    const elapsed = formatElapsed(Date.now() - started);
    log.status(`${builder}: ${step ?? 'starting'} (${elapsed})`);
  };
  const timer = setInterval(show, REFRESH_MS).unref();
  try {
    return await build((line, kind = 'output') => {
      if (kind === 'note') {
        log.warn(line);
        return;
      }
      log.debug(line);
      const begun = stepOf(line);
      if (begun === undefined || begun === step) return;
      step = begun;
      show();
    });
  } finally {
    clearInterval(timer);
  }
}

/** `47s`, `3m 5s`, `1h 2m`. */
function formatElapsed(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}m ${seconds % 60}s`
    : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}
