import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { bundleDeclarations } from './declarations.mjs';
import { root, run, log } from './process.mjs';

const self = join(root, 'node_modules/pulumi-signed-image');

/** Examples import the package by its name, which is linked to the clone. */
function linkSelf() {
  if (lstatSync(self, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  rmSync(self, { recursive: true, force: true });
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  symlinkSync(process.platform === 'win32' ? root : '..', self, 'junction');
}

/** Removes output of source files that were moved: `dist/error.js` would be resolved before `dist/error/index.js`. */
function removeStaleOutput() {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  for (const name of readdirSync(dist, { recursive: true })) {
    const [, source] = /^(.*?)(?:\.js|\.d\.ts)(?:\.map)?$/.exec(name) ?? [];
    if (source !== undefined && !existsSync(join(root, 'src', `${source}.ts`))) {
      rmSync(join(dist, name));
    }
  }
}

/** Compiles src/ to dist/, which the plugin and the examples run. */
export async function ensurePackage(env, { clean = false } = {}) {
  linkSelf();
  if (clean)
    for (const name of ['dist', 'types'])
      rmSync(join(root, name), { recursive: true, force: true });
  removeStaleOutput();
  log('compiling src/ to dist/');
  const code = await run('node', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    env,
    doing: 'compiling',
  });
  if (code !== 0) throw new Error('src/ does not compile; the errors are above.');
  await bundleDeclarations();
}
