import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root, run, log } from './process.mjs';

const packagesOf = (path) => {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
};

/**
 * Whether node_modules contains the versions of package-lock.json. npm writes `.package-lock.json` last, so an
 * interrupted installation is not taken for a complete one. Optional packages may be for other systems.
 */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const found = packagesOf('node_modules/.package-lock.json');
  if (wanted === undefined)
    throw new Error('package-lock.json cannot be read: check that the clone is complete');
  if (found === undefined) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional, link }]) =>
      path === '' || optional || link || found[path]?.version === version,
  );
}

/** Runs npm: the one that started this process, or else the one on the PATH. */
export function npm(args, options) {
  const own = process.env['npm_execpath'];
  return own?.endsWith('.js')
    ? run(process.execPath, [own, ...args], options)
    : run('npm', args, options);
}

/** Makes node_modules match package-lock.json. */
export async function ensureDependencies() {
  if (isInstalled()) return;
  log(
    'installing the dependencies with `npm ci`: some 700 packages, one of them Node 24; it takes a minute or two',
  );
  const code = await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    doing: 'installing the dependencies',
  });
  if (code !== 0) {
    throw new Error(
      `\`npm ci\` failed with exit code ${code} (its message is above); it needs an npm registry and write access to this folder.`,
    );
  }
  log('dependencies are installed');
}
