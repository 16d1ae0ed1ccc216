import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const BUILD = resolve(__dirname, '../tools/build.mjs');

/** The path of a third-party program in a built group of dev/tools/groups.mjs. */
export function programPath(group: string, name: string): string {
  const args = [BUILD, '--where', group];
  const folder = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
  const path = join(folder, name);
  if (!existsSync(path)) {
    throw new Error(`${name} is not built: run node dev/tools/build.mjs ${group}`);
  }
  return path;
}
