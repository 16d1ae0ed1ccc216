import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { ROOT } from './manifest';

const run = (cwd: string, program: string, ...args: string[]): void => {
  console.log(`$ ${program} ${args.join(' ')}`);
  execFileSync(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
};

const sdkOf = (language: string): string => {
  const folder = join(ROOT, 'sdk', language);
  if (!existsSync(folder)) throw new Error(`sdk/${language} is missing: run \`npm run sdk\``);
  return folder;
};

/** Builds one published package from `sdk/` (or from the clone) into a folder. */
type Packer = (out: string) => void;

const PACKERS: Readonly<Record<string, Packer>> = {
  /** The library and the plugin. */
  library: (out) => run(ROOT, 'npm', 'pack', '--ignore-scripts', '--pack-destination', out),
  /** As Pulumi does it: the compiled files and the manifest, so that the entry is `index.js`. */
  nodejs: (out) => {
    // Not inside of the clone, whose types its compiler would find.
    const folder = mkdtempSync(join(tmpdir(), 'sdk-nodejs-'));
    try {
      cpSync(sdkOf('nodejs'), folder, { recursive: true });
      run(folder, 'npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund');
      run(folder, 'npm', 'run', 'build');
      const bin = join(folder, 'bin');
      for (const name of ['package.json', 'README.md']) {
        copyFileSync(join(folder, name), join(bin, name));
      }
      run(bin, 'npm', 'pack', '--ignore-scripts', '--pack-destination', out);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  /** Needs the Python package `build`. */
  python: (out) => run(sdkOf('python'), 'python3', '-m', 'build', '--outdir', out),
  dotnet: (out) =>
    run(sdkOf('dotnet'), 'dotnet', 'pack', '--configuration', 'Release', '--output', out),
  java: (out) => {
    const folder = sdkOf('java');
    run(folder, 'mvn', '--batch-mode', 'package');
    for (const name of readdirSync(join(folder, 'target'))) {
      if (name.endsWith('.jar')) cpSync(join(folder, 'target', name), join(out, name));
    }
  },
};

/** Builds packages into `out/<language>`; the Go SDK is published by a tag (go-tag.ts). */
export function buildPackages(out: string, languages: readonly string[]): void {
  for (const language of languages) {
    const pack = PACKERS[language];
    if (pack === undefined) {
      throw new Error(`unknown package ${language}: use ${Object.keys(PACKERS).join(', ')}`);
    }
    const folder = join(out, language);
    mkdirSync(folder, { recursive: true });
    pack(folder);
  }
}

/** `--out FOLDER LANGUAGE...` */
if (require.main === module) {
  const [option, out, ...languages] = process.argv.slice(2);
  if (option !== '--out' || out === undefined || languages.length === 0) {
    throw new Error('usage: npm run release:packages -- --out FOLDER LANGUAGE...');
  }
  buildPackages(resolve(out), languages);
}
