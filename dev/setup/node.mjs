import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { root, run, log } from './process.mjs';

const folder = join(root, 'node_modules/node');
const bin = join(folder, 'bin');
const executable = join(bin, process.platform === 'win32' ? 'node.exe' : 'node');

const MINIMUM = /^>=(\d+)\.(\d+)\.(\d+)$/;

/** Whether a version (`v24.1.2`) meets `engines.node` of package.json. */
function isEnough(version) {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = MINIMUM.exec(engines.node)?.slice(1).map(Number);
  const found = /^v(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (wanted === undefined || found === undefined) return false;
  for (const [index, part] of wanted.entries()) {
    if (found[index] !== part) return found[index] > part;
  }
  return true;
}

function pinnedVersion() {
  try {
    return execFileSync(executable, ['--version'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

/**
 * The install script of the npm package `node` downloads the Node version of this project. If npm does not
 * run install scripts (`ignore-scripts`, npm 12), that script is run here.
 */
async function installPinned() {
  if (!existsSync(join(folder, 'installArchSpecificPackage.js'))) return;
  log(
    "npm did not run the install script of the package `node`; running it now to get this project's Node",
  );
  await run(process.execPath, ['installArchSpecificPackage.js'], {
    cwd: folder,
    doing: 'downloading Node',
  });
}

/** Returns the environment in which `node` is a supported version. */
export async function resolveNode() {
  if (!existsSync(executable)) await installPinned();
  const pinned = pinnedVersion();
  if (pinned !== undefined && isEnough(pinned)) {
    return { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
  }
  if (isEnough(process.version)) {
    log(
      `the Node of the npm package \`node\` does not run on this machine; using ${process.version} instead`,
    );
    return { ...process.env };
  }
  throw new Error(
    `Node ${process.version} is too old, and the Node of the npm package \`node\` does not run on this machine. ` +
      'Allow its install script (`npm config set ignore-scripts false`, then `npm ci`), or put Node 24 on the PATH.',
  );
}
