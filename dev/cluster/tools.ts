import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const BUILD = resolve(__dirname, '../tools/build.mjs');

let folder: string | undefined;

/** The path of a program of the group `kubernetes`. */
export function clusterTool(name: 'etcd' | 'kube-apiserver' | 'kube-controller-manager'): string {
  folder ??= execFileSync(process.execPath, [BUILD, '--where', 'kubernetes'], {
    encoding: 'utf8',
  }).trim();
  const path = join(folder, name);
  if (!existsSync(path)) {
    throw new Error(`${name} is not built: run node dev/tools/build.mjs kubernetes`);
  }
  return path;
}
