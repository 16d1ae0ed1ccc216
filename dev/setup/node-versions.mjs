import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import { log, run } from './process.mjs';

/** The oldest version that `engines` of package.json admits, and the newest major version. 24 is that of all other tests. */
export const NODE_VERSIONS = ['22.22.2', '26.9.0'];

function cacheFolder(version) {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(cache, 'pulumi-signed-image', 'node', version);
}

const versionOf = (executable) =>
  existsSync(executable)
    ? execFileSync(executable, ['--version'], { encoding: 'utf8' }).trim()
    : undefined;

/**
 * Installs a version of Node into the cache, from the npm package `node`, whose script installs the one for this machine.
 *
 * @returns the environment in which `node` is that version
 */
export async function nodeEnvironment(version, env) {
  const folder = cacheFolder(version);
  const own = join(folder, 'node_modules/node');
  const executable = join(own, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (versionOf(executable) !== `v${version}`) {
    log(`installing Node ${version} into ${folder}`);
    mkdirSync(folder, { recursive: true });
    const flags = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...flags, `node@${version}`], { env, doing: 'installing Node' });
    const script = ['installArchSpecificPackage.js'];
    await run('node', script, { env, cwd: own, doing: 'installing Node' });
  }
  const found = versionOf(executable);
  if (found !== `v${version}`) throw new Error(`${executable} is ${found ?? 'missing'}`);
  return { ...env, PATH: `${join(own, 'bin')}${delimiter}${env.PATH ?? ''}` };
}
