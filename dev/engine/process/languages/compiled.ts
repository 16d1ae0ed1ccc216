import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode, type Child } from '../child';
import type { ProgramOptions } from '../program-options';
import { programEnvironment } from './environment';

const FAILED = 1;

interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const start = (options: ProgramOptions, { program, args, env }: Command): Child =>
  startNode({
    program,
    args,
    cwd: join(options.project.dir, options.project.main ?? '.'),
    env: env ?? options.env,
    onLine: options.onLine,
  });

/** Two commands as one child: the second runs if the first succeeds. */
const inSequence = (
  options: ProgramOptions,
  first: Command,
  second: Command,
  cleanUp: () => void,
): Child => {
  let current = start(options, first);
  let stopped = false;
  const exited = current.exited
    .then((code) => {
      if (stopped || code !== 0) return code === 0 ? FAILED : code;
      current = start(options, second);
      return current.exited;
    })
    .finally(cleanUp);
  return {
    pid: current.pid,
    exited,
    stop: async () => {
      stopped = true;
      await current.stop();
      await exited;
    },
  };
};

/** Compiles and runs a Pulumi Go program, or runs `runtime.options.binary`. */
export const startGoProgram = (options: ProgramOptions): Child => {
  const env = programEnvironment(options);
  const { binary, dir } = options.project;
  if (binary !== undefined) return start(options, { program: join(dir, binary), args: [], env });
  const folder = mkdtempSync(join(tmpdir(), 'pulumi-go-'));
  const program = join(folder, process.platform === 'win32' ? 'program.exe' : 'program');
  return inSequence(
    options,
    { program: 'go', args: ['build', '-o', program, '.'] },
    { program, args: [], env },
    () => rmSync(folder, { recursive: true, force: true }),
  );
};

/** Runs a Pulumi Java program with Maven, or the jar `runtime.options.binary`. */
export const startJavaProgram = (options: ProgramOptions): Child => {
  const env = programEnvironment(options);
  const { binary, dir } = options.project;
  return start(
    options,
    binary === undefined
      ? { program: 'mvn', args: ['--quiet', '--batch-mode', 'compile', 'exec:java'], env }
      : { program: 'java', args: ['-jar', join(dir, binary)], env },
  );
};
