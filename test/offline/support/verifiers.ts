import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { type ToolRun, runTool } from '../../interop/support/tools';

const ROOT = resolve(__dirname, '../../..');

interface Programs {
  readonly cosign: string;
  readonly sigstoreGo: string;
  readonly python: string;
}

function programs(): Programs {
  const url = (name: string): string =>
    JSON.stringify(pathToFileURL(join(ROOT, 'dev/tools', name)).href);
  const script = `
    import { toolPath } from ${url('build.mjs')};
    import { pythonPath } from ${url('python.mjs')};
    console.log(JSON.stringify({
      cosign: toolPath('cosign'),
      sigstoreGo: toolPath('sigstore-go-verification'),
      python: pythonPath('sigstore'),
    }));`;
  const args = ['--input-type=module', '--eval', script];
  const found = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Programs;
  const missing = Object.values(found).filter((path: string) => !existsSync(path));
  if (missing.length > 0)
    throw new Error(`${missing.join(', ')} missing: use npm run test:offline, which installs them`);
  return found;
}

/** Runs commands of a README in a network namespace of their own, in which not even the loopback interface is up. */
export interface Isolation {
  run(script: string, folder: string): Promise<ToolRun>;
}

/** @param folder for the programs' files: their home, and the command line of this package as on a PATH */
export async function startIsolation(folder: string): Promise<Isolation> {
  const { cosign, sigstoreGo, python } = programs();
  const bin = join(folder, 'bin');
  const home = join(folder, 'home');
  await mkdir(bin, { recursive: true });
  await mkdir(home, { recursive: true });
  const ours = join(bin, 'signed-image');
  // The program's own script names the folder in which the environment was installed before it was renamed.
  await writeFile(join(bin, 'sigstore'), `#!/bin/sh\nexec '${python}' -m sigstore "$@"\n`);
  await chmod(join(bin, 'sigstore'), 0o755);
  const main = join(ROOT, 'dist/cli/main.js');
  if (!existsSync(main)) throw new Error('the package is not built: use npm run test:offline');
  await writeFile(ours, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  await chmod(ours, 0o755);
  const path = [bin, dirname(cosign), dirname(sigstoreGo), dirname(python), '/usr/bin', '/bin'];
  const env = { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), PATH: path.join(':') };
  const probe = spawnSync('unshare', ['--net', 'true'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    const reason = probe.error?.message ?? probe.stderr.trim();
    throw new Error(
      `these tests need a network namespace (root, and \`unshare\` of util-linux): ${reason}`,
    );
  }
  return {
    run: (script, cwd) =>
      runTool('/usr/bin/unshare', ['--net', '/bin/sh', '-ec', script], { env, cwd }),
  };
}
