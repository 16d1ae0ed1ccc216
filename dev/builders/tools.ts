import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const BUILD = resolve(__dirname, '../tools/build.mjs');

let folder: string | undefined;

/** The path of a program of the group `buildkit`. */
export function buildkitTool(name: 'buildctl' | 'buildkitd' | 'docker-buildx'): string {
  folder ??= execFileSync(process.execPath, [BUILD, '--where', 'buildkit'], {
    encoding: 'utf8',
  }).trim();
  const path = join(folder, name);
  if (!existsSync(path)) {
    throw new Error(`${name} is not built: run node dev/tools/build.mjs buildkit`);
  }
  return path;
}
