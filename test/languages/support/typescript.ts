import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { command } from './command';
import type { Language } from './language';
import type { World } from './world';

/** The package managers, of the versions that the registry of the machine serves. */
const MANAGERS = {
  npm: ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline'],
  pnpm: ['npm', 'exec', '--yes', '--package=pnpm@10.30.3', '--', 'pnpm', 'install'],
  yarn: [
    ...['npm', 'exec', '--yes', '--package=yarn@1.22.22', '--', 'yarn', 'install'],
    // Yarn caches a tarball by name and version: one of an earlier run would be installed.
    ...['--non-interactive', '--cache-folder=.yarn-cache'],
  ],
  // Only as a package manager: Pulumi runs the program with Node.
  bun: ['npm', 'exec', '--yes', '--package=bun@1.4.5', '--', 'bun', 'install'],
} as const;

/** The compiler options of `pulumi new typescript`. */
const TEMPLATE = {
  strict: true,
  outDir: 'bin',
  target: 'es2020',
  module: 'commonjs',
  moduleResolution: 'node',
  sourceMap: true,
  experimentalDecorators: true,
  pretty: true,
  noFallthroughCasesInSwitch: true,
  noImplicitReturns: true,
  forceConsistentCasingInFileNames: true,
};

const SYSTEMS = {
  CommonJS: { type: 'commonjs', options: TEMPLATE },
  ESM: {
    type: 'module',
    options: { ...TEMPLATE, module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022' },
  },
} as const;

const writeJson = (path: string, value: unknown): void =>
  writeFileSync(path, JSON.stringify(value, undefined, 2));

const language = (manager: keyof typeof MANAGERS, system: keyof typeof SYSTEMS): Language => ({
  name: `TypeScript (${manager}, ${system})`,
  example: 'existing-image-ts',
  without: { 'SDK generated': 'TypeScript programs import the package itself' },
  install: async (project: string, { tarball, plugin }: World) => {
    const { type, options } = SYSTEMS[system];
    writeJson(join(project, 'package.json'), {
      name: 'program',
      private: true,
      type,
      main: 'bin/index.js',
      dependencies: { '@pulumi/pulumi': '^3.270.0', 'pulumi-signed-image': `file:${tarball}` },
      devDependencies: { '@types/node': '^24.0.0', typescript: '^5.9.0' },
    });
    writeJson(join(project, 'tsconfig.json'), { compilerOptions: options, files: ['index.ts'] });
    await command(project, MANAGERS[manager]);
    const file = join(project, 'Pulumi.yaml');
    const own = join(project, 'node_modules/pulumi-signed-image/plugin');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(plugin, own));
  },
  // Writes bin/, which the engine runs.
  compile: async (project) => {
    await command(project, ['node', 'node_modules/typescript/bin/tsc', '-p', '.']);
  },
  host: 'pulumi-language-nodejs',
});

export const TYPESCRIPT: readonly Language[] = [
  language('npm', 'CommonJS'),
  language('npm', 'ESM'),
  language('pnpm', 'CommonJS'),
  language('pnpm', 'ESM'),
  language('yarn', 'CommonJS'),
  language('yarn', 'ESM'),
  language('bun', 'CommonJS'),
  language('bun', 'ESM'),
];
