import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root, run, say } from './process.mjs';

const packagesOf = (path) => {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
};

/**
 * Whether node_modules holds what package-lock.json wants. npm writes `.package-lock.json` last, so an
 * install that was broken off does not look like a whole one. Optional packages are another system's.
 */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const found = packagesOf('node_modules/.package-lock.json');
  if (wanted === undefined)
    throw new Error('package-lock.json cannot be read: is this a whole clone?');
  if (found === undefined) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional, link }]) =>
      path === '' || optional || link || found[path]?.version === version,
  );
}

/** Runs npm: the one that runs us, else the one on the PATH. */
export function npm(args, options) {
  const own = process.env['npm_execpath'];
  return own?.endsWith('.js')
    ? run(process.execPath, [own, ...args], options)
    : run('npm', args, options);
}

/** Makes node_modules match package-lock.json. */
export async function ensureDependencies() {
  if (isInstalled()) return;
  say(
    'installing the dependencies with `npm ci`: some 700 packages, one of them Node 24; it takes a minute or two',
  );
  const code = await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    doing: 'installing the dependencies',
  });
  if (code !== 0) {
    throw new Error(
      `\`npm ci\` ended with ${code}. Its message stands above; it needs an npm registry and write access to this folder.`,
    );
  }
  say('dependencies are installed');
}
