import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const BUILD = resolve(__dirname, '../tools/build.mjs');

const folders = new Map<string, string>();

/** The path of a program of the group `buildkit`. */
export const buildkitTool = (name: 'buildctl' | 'buildkitd' | 'docker-buildx'): string =>
  toolOf('buildkit', name);

/** The path of a program of the group `moby`, whose folder also has the programs that dockerd starts. */
export const mobyTool = (name: 'containerd' | 'dockerd'): string => toolOf('moby', name);

/** The path of the real cosign, of the group `cosign`. */
export const cosignTool = (): string => toolOf('cosign', 'cosign');

function toolOf(group: string, name: string): string {
  const folder = folders.get(group) ?? folderOf(group);
  folders.set(group, folder);
  const path = join(folder, name);
  if (!existsSync(path)) {
    throw new Error(`${name} is not built: run node dev/tools/build.mjs ${group}`);
  }
  return path;
}

function folderOf(group: string): string {
  const args = [BUILD, '--where', group];
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
}
