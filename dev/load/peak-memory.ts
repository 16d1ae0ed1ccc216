import { readdirSync, readFileSync } from 'node:fs';

/**
 * Samples the resident memory of this run's plugin process; `stop` returns the peak in MB,
 * `undefined` on systems without /proc.
 */
export function watchPlugin(plugin: string): { stop(): number | undefined } {
  let peak: number | undefined;
  const sample = (): void => {
    for (const pid of processes()) {
      const command = read(`/proc/${pid}/cmdline`);
      // The program in the plugin's folder, or the SDK's runner of that folder.
      const isPlugin = command.includes('run-plugin') || command.includes('pulumi-resource-');
      if (!isPlugin || !command.includes(plugin)) continue;
      const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
      peak = Math.max(peak ?? 0, Math.round(kilobytes / 1024));
    }
  };
  const timer = setInterval(sample, 250);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended.
    return '';
  }
}
