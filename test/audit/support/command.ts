import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const ROOT = resolve(__dirname, '..', '..', '..');

export interface MeasuredRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** Peak of the resident memory in MB. */
  readonly peak: number;
}

/** Runs the compiled command line in its own process, and measures its memory. */
export async function measuredCommand(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<MeasuredRun> {
  const peakFile = join(folder, 'peak');
  const began = performance.now();
  const hook = join(__dirname, 'peak-memory.cjs');
  const main = join(ROOT, 'dist', 'cli', 'main.js');
  const child = spawn(process.execPath, ['--require', hook, main, ...args], {
    env: { PATH: process.env['PATH'], HOME: folder, PEAK_MEMORY_FILE: peakFile, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  const peak = Number(await readFile(peakFile, 'utf8')) / 1024;
  const seconds = (performance.now() - began) / 1000;
  return { code: child.exitCode, stdout, stderr, seconds, peak };
}
