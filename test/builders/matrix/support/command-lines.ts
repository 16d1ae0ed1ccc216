import { readdirSync, readFileSync } from 'node:fs';

const INTERVAL_MS = 30;

/** Reads the command lines of all processes of the machine, as `ps` shows them to every user. */
export function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        // It has ended.
        return [];
      }
    });
}

/** What the command lines contained during a build. */
export interface CommandLineReport {
  /** The watched secrets that were in a command line, by their index. */
  readonly secrets: readonly number[];
  /** Whether the command of the build itself was in the list: else it was read too rarely. */
  readonly sawBuild: boolean;
}

/**
 * Reads the command lines again and again until `stop`.
 *
 * @param secrets - What must not be in a command line. More can be added while it runs.
 * @param build - A text that the command line of the build contains.
 */
export function watchCommandLines(
  secrets: readonly string[],
  build: string,
): { stop(): CommandLineReport } {
  const found = new Set<number>();
  let sawBuild = false;
  const read = (): void => {
    for (const line of commandLines()) {
      sawBuild ||= line.includes(build);
      secrets.forEach((secret, index) => {
        if (line.includes(secret)) found.add(index);
      });
    }
  };
  const timer = setInterval(read, INTERVAL_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return { secrets: [...found], sawBuild };
    },
  };
}
