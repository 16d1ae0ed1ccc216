import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { runTool } from '../../interop/support/tools';

const BUILD = resolve(__dirname, '../../../dev/tools/build.mjs');

let folder: string | undefined;

/** The path of a program of the group `slsa`. */
export function slsaTool(
  name: 'intoto-statement' | 'slsa-verifier' | 'slsa-verifier-private',
): string {
  folder ??= execFileSync(process.execPath, [BUILD, '--where', 'slsa'], {
    encoding: 'utf8',
  }).trim();
  const path = join(folder, name);
  if (!existsSync(path)) throw new Error(`${name} is not built: run node dev/tools/build.mjs slsa`);
  return path;
}

/** Validates statements with in-toto's own Go module: `ok`, or what is wrong, for each. */
export async function validatedByInToto(statements: readonly object[]): Promise<readonly string[]> {
  const input = statements.map((each) => `${JSON.stringify(each)}\n`).join('');
  const { code, stdout, stderr } = await runTool(slsaTool('intoto-statement'), [], { input });
  if (code !== 0) throw new Error(stderr);
  return stdout.trimEnd().split('\n');
}
