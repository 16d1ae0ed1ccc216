import { execFile } from 'node:child_process';

import { findExecutable } from '../host/executable';
import { gitEnvironment } from './git-environment';

export interface GitCommand {
  readonly args: readonly string[];
  readonly cwd: string;
  /** Variables in addition to those of `gitEnvironment`, such as `GIT_DIR`. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly input?: Buffer;
}

export interface GitOutput {
  /** -1: git was terminated by a signal, or its output was too long. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs git. `undefined`: git is not installed. */
export type GitRunner = (command: GitCommand) => Promise<GitOutput | undefined>;

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const TIMEOUT_MS = 10 * 60_000;

const NULL_DEVICE = process.platform === 'win32' ? 'NUL' : '/dev/null';

/**
 * Settings on the command line, which override every configuration file: those with which reading a repository
 * could start a program. (Configured diff, filter, merge and transport programs are never used, because
 * `GitRepository` does not run commands that need them.)
 */
const SAFE_CONFIG = [
  // A bare repository that is committed as ordinary files is not a repository.
  'safe.bareRepository=explicit',
  // Before version 2.36 this is the name of a program, so `false` would be executed.
  'core.fsmonitor=',
  `core.hooksPath=${NULL_DEVICE}`,
  'core.untrackedCache=false',
  'core.preloadIndex=false',
  'core.pager=cat',
  'core.askPass=',
  'core.sshCommand=',
  'core.gitProxy=',
  'credential.helper=',
  'diff.external=',
  'core.alternateRefsCommand=',
  'maintenance.auto=false',
  'gc.auto=0',
].flatMap((setting) => ['-c', setting]);

/** Creates a runner for the installed git, which does not start other programs or receive secrets. */
export function gitRunner(env: NodeJS.ProcessEnv): GitRunner {
  const own = gitEnvironment(env);
  const program = findExecutable('git', env);
  return ({ args, cwd, variables, input }) =>
    new Promise((resolve) => {
      if (program === undefined) return resolve(undefined);
      const argv = ['--no-pager', ...SAFE_CONFIG, ...args];
      const options = {
        cwd,
        env: { ...own, ...variables },
        maxBuffer: MAX_OUTPUT_BYTES,
        timeout: TIMEOUT_MS,
        encoding: 'buffer' as const,
      };
      const child = execFile(program, argv, options, (error, stdout, stderr) => {
        const text = stderr.toString('utf8');
        if (!error) return resolve({ code: 0, stdout, stderr: text });
        // Without an exit code (a signal, too much output) git has failed.
        const exited = typeof error.code === 'number';
        resolve({
          code: exited ? Number(error.code) : -1,
          stdout,
          stderr: exited ? text : `git was terminated (${error.code ?? error.signal ?? 'unknown'})`,
        });
      });
      // git may exit before it has read all input; its exit code reports the failure.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input ?? '');
    });
}
