import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const BUILD = resolve(__dirname, '../../../dev/tools/build.mjs');

let folder: string | undefined;

/** The path of a program that `dev/tools/build.mjs` built. */
export function toolPath(name: 'cosign' | 'crane' | 'registry' | 'rekorcanon'): string {
  folder ??= execFileSync(process.execPath, [BUILD, '--where'], { encoding: 'utf8' }).trim();
  const path = join(folder, name);
  if (!existsSync(path)) throw new Error(`${name} is not built: run node dev/tools/build.mjs`);
  return path;
}

export interface ToolRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** Runs a program with this environment and no other, and answers with whatever came of it. */
export function runTool(
  path: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolRun> {
  return new Promise((settle) => {
    const { cwd, env = {}, input } = options;
    const child = execFile(
      path,
      [...args],
      { cwd, env: { ...env }, maxBuffer: 32 << 20, timeout: 120_000 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        settle({ code, stdout, stderr });
      },
    );
    // Closed, because a program that prompts would wait for ever.
    child.stdin?.end(input ?? '');
  });
}
