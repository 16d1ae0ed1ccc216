import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const TOOLS = resolve(__dirname, '../../../../dev/tools');

/** The programs that `npm run test:interop` builds or installs. */
export interface Programs {
  readonly cosign: string;
  readonly cosign2: string;
  readonly 'sigstore-go-verification': string;
  readonly 'containers-policy': string;
  readonly python: string;
}

let found: Programs | undefined;

/** Their paths, also of those that are not built. */
export function programs(): Programs {
  if (found) return found;
  const url = (name: string): string => JSON.stringify(pathToFileURL(join(TOOLS, name)).href);
  const names = ['cosign', 'cosign2', 'sigstore-go-verification', 'containers-policy'];
  const script = `
    import { toolPath } from ${url('build.mjs')};
    import { pythonPath } from ${url('python.mjs')};
    const paths = ${JSON.stringify(names)}.map((name) => [name, toolPath(name)]);
    console.log(JSON.stringify({ ...Object.fromEntries(paths), python: pythonPath('sigstore') }));`;
  const args = ['--input-type=module', '--eval', script];
  found = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Programs;
  return found;
}

export const isInstalled = (path: string): boolean => existsSync(path);

/** The first program of this name on the PATH, of the operating system's packages. */
export function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.map((folder) => join(folder, name)).find(existsSync);
}
