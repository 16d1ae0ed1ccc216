import { execFile } from 'node:child_process';

export interface GitOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs git with these arguments in this folder. `undefined`: this machine has no git. */
export type GitRunner = (args: readonly string[], cwd: string) => Promise<GitOutput | undefined>;

/**
 * Variables that git hooks and wrappers set: with them git would answer for another work tree than
 * the one of the folder that was asked for.
 */
const REDIRECTING = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_COMMON_DIR',
  'GIT_OBJECT_DIRECTORY',
  'GIT_NAMESPACE',
];

// Room for the status of a tree in which everything changed.
const MAX_OUTPUT = 64 * 1024 * 1024;

/** The machine's own git, in English and never asking for anything. */
export function gitRunner(env: NodeJS.ProcessEnv): GitRunner {
  const own: NodeJS.ProcessEnv = { ...env, LC_ALL: 'C', LANGUAGE: 'C', GIT_TERMINAL_PROMPT: '0' };
  for (const name of REDIRECTING) delete own[name];
  return (args, cwd) =>
    new Promise((resolve) => {
      // Reading must not take the index lock that a running git command of the user may need.
      const argv = ['--no-optional-locks', ...args];
      execFile('git', argv, { cwd, env: own, maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => {
        if (!error) return resolve({ code: 0, stdout, stderr });
        if (error.code === 'ENOENT') return resolve(undefined);
        // Anything but an exit code (a signal, too much output) is told like a failure of git.
        const told = typeof error.code === 'number';
        resolve({
          code: told ? Number(error.code) : -1,
          stdout,
          stderr: told ? stderr : error.message,
        });
      });
    });
}
