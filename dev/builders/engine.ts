import { mkdir, readFile, rm } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** A real engine that builds images, with its own storage and home folder. */
export interface Engine {
  /** Variables of the processes that use it: `PATH`, `HOME` and the engine's own. */
  readonly env: NodeJS.ProcessEnv;
  /** The name of its buildx builder, for `build.buildxBuilder`. */
  readonly buildxBuilder?: string;
  /** The engine's log, for a failing test. */
  logs(): Promise<string>;
  /** Ends its processes and removes its folder. */
  stop(): Promise<void>;
}

export interface EngineOptions {
  /** An absolute path of the engine's own folder. It is removed when the engine stops. */
  readonly folder: string;
  /**
   * Ports of registries on this machine's loopback that a daemon reaches under the same number. A
   * daemon runs in its own network namespace and reaches nothing else.
   */
  readonly reaches?: readonly number[];
}

/** Creates `home` in the folder, and returns variables for all tools to use it. */
export async function homeEnvironment(folder: string): Promise<NodeJS.ProcessEnv> {
  const home = join(folder, 'home');
  const runtime = join(folder, 'runtime');
  await mkdir(home, { recursive: true });
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  // Debian installs daemons in sbin, which may be missing from the PATH.
  const path = [process.env['PATH'], '/usr/local/sbin', '/usr/sbin', '/sbin'].join(':');
  return { PATH: path, HOME: home, XDG_RUNTIME_DIR: runtime };
}

/** Removes a folder in which an engine mounted file systems. */
export async function removeEngineFolder(folder: string): Promise<void> {
  const mounted = await readFile('/proc/self/mounts', 'utf8').catch(() => '');
  const points = mounted
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${folder}/`));
  // The innermost first.
  for (const point of points.reverse()) await execute('umount', ['--lazy', point], {});
  await rm(folder, { recursive: true, force: true });
}

/** Runs a program to its end. @throws Error with its output if it fails */
export function execute(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  return new Promise((settle, fail) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, encoding: 'utf8' } as const;
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error === null) settle(stdout);
      else fail(new Error(`${program} ${args.join(' ')} failed: ${stderr || error.message}`));
    });
  });
}
