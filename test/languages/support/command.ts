import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const LIMIT_MS = 15 * 60_000;

/**
 * Runs a program.
 * @throws Error with its output if it fails
 */
export function command(
  cwd: string,
  [program, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((settle, fail) => {
    execFile(
      program,
      args,
      { cwd, env: { ...process.env, ...env }, maxBuffer: 32 << 20, timeout: LIMIT_MS },
      (error, stdout, stderr) => {
        if (error === null) settle(stdout);
        else fail(new Error(`${program} ${args.join(' ')}\n${stdout}\n${stderr}`));
      },
    );
  });
}

/** Whether the PATH has a program of this name. */
export function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
