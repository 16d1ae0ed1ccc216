import { type ChildProcess, spawn } from 'node:child_process';

import { SignedImageError } from '../error';
import { findExecutable, launchEnvironment } from '../host/executable';
import { plainText } from './control-sequences';
import { LastLines, LineSplitter } from './lines';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Called with the process group after the start. */
  readonly onStart?: (group: number) => void;
  /** Called with every line of stdout and stderr, as plain text. */
  readonly onLine?: (line: string) => void;
}

export interface Finished {
  /** `undefined`: terminated by a signal. */
  readonly code: number | undefined;
  /** Its last lines, some megabytes of them. */
  readonly stdout: readonly string[];
  /** The last lines of stdout and stderr in order, as plain text. */
  readonly tail: readonly string[];
}

/** Number of lines of a builder's output that an error quotes. */
const MAX_TAIL_LINES = 20;
/** Time between SIGTERM and SIGKILL. */
const GRACE_PERIOD_MS = 5_000;

/**
 * Runs a program to its end.
 *
 * @returns `undefined` if the program is not on the PATH
 * @throws SignedImageError `BUILD_FAILED` if the program cannot be started
 */
export async function runCommand(command: Command): Promise<Finished | undefined> {
  const { program, args, env, signal, onLine } = command;
  if (signal?.aborted) return { code: undefined, stdout: [], tail: [] };
  const path = findExecutable(program, env);
  if (path === undefined) return undefined;
  // A separate process group, so that child processes of the builder are terminated with it.
  const child = start(program, () =>
    spawn(path, args, {
      env: launchEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    }),
  );
  const release = endTogether(child, signal);
  if (child.pid !== undefined) command.onStart?.(child.pid);

  const stdout = new LastLines();
  const tail: string[] = [];
  const take = (raw: string): void => {
    const line = plainText(raw);
    tail.push(line);
    if (tail.length > MAX_TAIL_LINES) tail.shift();
    onLine?.(line);
  };
  const out = new LineSplitter((line) => {
    stdout.push(line);
    take(line);
  });
  const err = new LineSplitter(take);
  child.stdout.on('data', (chunk: Buffer) => out.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.write(chunk));

  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'EACCES') resolve(undefined);
        else reject(notStarted(program, error));
      });
      child.once('close', (code) => {
        out.end();
        err.end();
        resolve({ code: code ?? undefined, stdout: stdout.all, tail });
      });
    });
  } finally {
    release();
  }
}

function start<T>(program: string, spawned: () => T): T {
  try {
    return spawned();
  } catch (error) {
    throw notStarted(program, error);
  }
}

/** https://man7.org/linux/man-pages/man2/execve.2.html (Limits on size of arguments and environment) */
const TOO_BIG =
  ': the system passes at most 128 KiB per value to a process; reduce the size of the build secrets, arguments and ' +
  'labels, for example by a file of the context or, for a secret, by a token with which a step fetches it';

/** Node's own error contains arguments and variables, so only its code is kept. */
function notStarted(program: string, error: unknown): SignedImageError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new SignedImageError({
    code: 'BUILD_FAILED',
    property: 'build',
    message: `\`${program}\` could not be started (${code})${code === 'E2BIG' ? TOO_BIG : ''}`,
  });
}

/** Terminates the child's process group when the build is cancelled or this process exits. */
function endTogether(child: ChildProcess, signal: AbortSignal | undefined): () => void {
  let force: NodeJS.Timeout | undefined;
  const stop = (): void => {
    endGroup(child, 'SIGTERM');
    force = setTimeout(() => endGroup(child, 'SIGKILL'), GRACE_PERIOD_MS);
  };
  signal?.addEventListener('abort', stop, { once: true });
  if (running.size === 0) process.on('exit', endAll);
  running.add(child);
  return () => {
    clearTimeout(force);
    signal?.removeEventListener('abort', stop);
    running.delete(child);
    if (running.size === 0) process.removeListener('exit', endAll);
  };
}

/** All running children, which share one exit listener: many images may be built concurrently. */
const running = new Set<ChildProcess>();

function endAll(): void {
  for (const child of running) endGroup(child, 'SIGKILL');
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The process group has exited already.
  }
}

/** Timeout of a command that checks whether a tool works. */
const PROBE_TIMEOUT_MS = 15_000;

/** Runs a command that checks whether a tool works. `env`: as `environmentOf` returns it. */
export async function probe(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Finished | undefined> {
  const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  return runCommand({ program, args, env, signal });
}

/** Returns why a tool cannot be used, from its last line of output; `undefined` if it works. */
export function unavailableReason(
  program: string,
  result: Finished | undefined,
): string | undefined {
  if (result === undefined) return `${program} is not installed (not on the PATH)`;
  if (result.code === 0) return undefined;
  if (result.code === undefined)
    return `${program} did not respond within ${PROBE_TIMEOUT_MS / 1000} s`;
  const lines = result.tail.map((line) => line.trim()).filter((line) => line !== '');
  return lines.at(-1) ?? `${program} failed with exit code ${result.code}`;
}
