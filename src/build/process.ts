import { type ChildProcess, spawn } from 'node:child_process';

import { SignedImageError } from '../error';
import { findExecutable, launchEnvironment } from '../host/executable';
import { LastLines, LineSplitter } from './lines';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Called with the process group once it runs. */
  readonly onStart?: (group: number) => void;
  /** Every line of both outputs, as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface Finished {
  /** `undefined`: ended by a signal. */
  readonly code: number | undefined;
  /** Its last lines, some megabytes of them. */
  readonly stdout: readonly string[];
  /** The last lines of both outputs, in the order they came. */
  readonly tail: readonly string[];
}

/** What an error quotes of a builder's output. */
const TAIL_LINES = 20;
/** Between asking a build to stop and making it. */
const GRACE_MS = 5_000;

/**
 * @returns `undefined` if there is no such program on the PATH
 * @throws SignedImageError `BUILD_FAILED` if the system does not start it
 */
export async function runCommand(command: Command): Promise<Finished | undefined> {
  const { program, args, env, signal, onLine } = command;
  if (signal?.aborted) return { code: undefined, stdout: [], tail: [] };
  const path = findExecutable(program, env);
  if (path === undefined) return undefined;
  // An own process group, so that what a builder started ends with it.
  const child = startOf(program, () =>
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
  const take = (line: string): void => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
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

function startOf<T>(program: string, spawned: () => T): T {
  try {
    return spawned();
  } catch (error) {
    throw notStarted(program, error);
  }
}

/** Node's own error repeats arguments and variables, so only its code is kept. */
function notStarted(program: string, error: unknown): SignedImageError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new SignedImageError({
    code: 'BUILD_FAILED',
    property: 'build',
    message: `\`${program}\` could not be started (${code})`,
  });
}

/** Ends the child's group when the build is called off or this process ends. */
function endTogether(child: ChildProcess, signal: AbortSignal | undefined): () => void {
  let force: NodeJS.Timeout | undefined;
  const stop = (): void => {
    endGroup(child, 'SIGTERM');
    force = setTimeout(() => endGroup(child, 'SIGKILL'), GRACE_MS);
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

/** One listener for all of them: many images may be built at a time. */
const running = new Set<ChildProcess>();

function endAll(): void {
  for (const child of running) endGroup(child, 'SIGKILL');
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}

/** A tool that does not answer within this time is not going to build anything. */
const PROBE_MS = 15_000;

/** Asks a tool about itself. `env`: as `environmentOf` selects it. */
export async function probe(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Finished | undefined> {
  const signal = AbortSignal.timeout(PROBE_MS);
  return runCommand({ program, args, env, signal });
}

/** Why the tool cannot be used, in its own last words; `undefined`: it answered. */
export function refusal(program: string, answer: Finished | undefined): string | undefined {
  if (answer === undefined) return `${program} is not installed (not on the PATH)`;
  if (answer.code === 0) return undefined;
  if (answer.code === undefined) return `${program} did not answer within ${PROBE_MS / 1000} s`;
  const said = answer.tail.map((line) => line.trim()).filter((line) => line !== '');
  return said.at(-1) ?? `${program} failed with exit code ${answer.code}`;
}
