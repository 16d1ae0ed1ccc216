import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const BUILD = resolve(__dirname, '../tools/build.mjs');

/** The path of a program of others, of a group of dev/tools/groups.mjs that was built. */
export function programPath(group: string, name: string): string {
  const asked = [BUILD, '--where', group];
  const folder = execFileSync(process.execPath, asked, { encoding: 'utf8' }).trim();
  const path = join(folder, name);
  if (!existsSync(path)) {
    throw new Error(`${name} is not built: run node dev/tools/build.mjs ${group}`);
  }
  return path;
}
