import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { type Manifest, readJson, ROOT } from './manifest';

const VERSION_MEMBER = /("version": ")[^"]+(")/;

/** Replaces the first `version` of a JSON file, which is that of the package, and leaves its layout. */
function setVersion(path: string, version: string): void {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(VERSION_MEMBER, `$1${version}$2`));
}

/** The lock file has the version twice. */
function setLockVersion(path: string, version: string): void {
  const lock = readJson<{ version: string; packages: Record<string, { version?: string }> }>(path);
  lock.version = version;
  const root = lock.packages[''];
  if (root !== undefined) root.version = version;
  writeFileSync(path, `${JSON.stringify(lock, undefined, 2)}\n`);
}

/** What was changed before there were changesets is part of the next version. */
function closeUnreleased(path: string): void {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/^## Unreleased$/m, '### Other changes'));
}

/** Applies the changesets of a clone: version, changelog, and every file that contains the version. */
export function applyChangesets(folder: string): string {
  const cli = join(ROOT, 'node_modules/@changesets/cli/bin.js');
  execFileSync(process.execPath, [cli, 'version'], { cwd: folder, stdio: 'inherit' });
  const { version } = readJson<Manifest>(join(folder, 'package.json'));
  for (const name of ['schema.json', 'policy/package.json']) {
    setVersion(join(folder, name), version);
  }
  const lock = join(folder, 'package-lock.json');
  if (existsSync(lock)) setLockVersion(lock, version);
  closeUnreleased(join(folder, 'CHANGELOG.md'));
  return version;
}

if (require.main === module) console.log(applyChangesets(resolve(process.argv[2] ?? ROOT)));
