import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

const KILL_AFTER_MS = 2_000;
const children = new Set<ChildProcess>();

export interface ChildOptions {
  /** The program. Default: this Node. */
  readonly program?: string | undefined;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: string) => void;
}

export interface Child {
  readonly pid: number | undefined;
  /** Exit code; -1 when a signal ended it or it could not start. */
  readonly exited: Promise<number>;
  /** Sends SIGTERM to the child and its process group, and SIGKILL if they do not end. */
  stop(): Promise<void>;
}

/** Signals the whole group, including the children of a plugin (for example, a builder). */
const signal = (child: ChildProcess, name: NodeJS.Signals): void => {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    child.kill(name);
  }
};

/** Children must not outlive the engine: a plugin does not detect its end. */
export const killChildren = (): void => {
  for (const child of children) signal(child, 'SIGKILL');
};

/** Starts a program, Node by default, with the given arguments, in its own process group. */
export const startNode = ({ program = process.execPath, ...options }: ChildOptions): Child => {
  if (children.size === 0) process.on('exit', killChildren);
  const child = spawn(program, options.args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  children.add(child);
  const exited = new Promise<number>((resolve) => {
    const settle = (code: number): void => {
      children.delete(child);
      if (children.size === 0) process.off('exit', killChildren);
      resolve(code);
    };
    child.once('error', (error) => {
      options.onLine(`could not start ${program}: ${error.message}`);
      settle(-1);
    });
    // 'close' and not 'exit', because the output is complete only then.
    child.once('close', (code) => settle(code ?? -1));
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', options.onLine);
  }
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) signal(child, 'SIGTERM');
    const timer = setTimeout(() => signal(child, 'SIGKILL'), KILL_AFTER_MS);
    await exited;
    clearTimeout(timer);
  };
  return { pid: child.pid, exited, stop };
};
