import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
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

/** The page with the commands that install a version. */
const INSTALLATION = 'docs/installation-configuration.md';
/** Manifests that depend on the version: of the examples on its SDK, of the git plugin on the npm package. */
const MANIFESTS = [
  'examples/*/pom.xml',
  'examples/*/go.mod',
  'examples/*/*.csproj',
  'git-plugin/package.json',
];
const DEPENDENCY =
  /(<artifactId>signed-image<\/artifactId>\s*<version>|sdk\/go\/signedimage v|"PulumiSignedImage\.SignedImage" Version="|"pulumi-signed-image": ")[^<"\s]+/g;

/** Readers copy these: an older version would install a plugin that is not of the release that they read about. */
function setDocumentedVersion(folder: string, before: string, version: string): void {
  const page = join(folder, INSTALLATION);
  // Not within a longer version, such as that of another program.
  const pattern = new RegExp(`(?<![\\d.])${before.replaceAll('.', '\\.')}(?!\\.?\\d)`, 'g');
  writeFileSync(page, readFileSync(page, 'utf8').replace(pattern, version));
  for (const path of globSync(MANIFESTS, { cwd: folder })) {
    const file = join(folder, path);
    writeFileSync(file, readFileSync(file, 'utf8').replace(DEPENDENCY, `$1${version}`));
  }
}

/** What was changed before there were changesets is part of the next version. */
function closeUnreleased(path: string): void {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/^## Unreleased$/m, '### Other changes'));
}

/** Applies the changesets of a clone: version, changelog, and every file that contains the version. */
export function applyChangesets(folder: string): string {
  const before = readJson<Manifest>(join(folder, 'package.json')).version;
  const cli = join(ROOT, 'node_modules/@changesets/cli/bin.js');
  execFileSync(process.execPath, [cli, 'version'], { cwd: folder, stdio: 'inherit' });
  const { version } = readJson<Manifest>(join(folder, 'package.json'));
  for (const name of ['schema.json', 'policy/package.json']) {
    setVersion(join(folder, name), version);
  }
  const lock = join(folder, 'package-lock.json');
  if (existsSync(lock)) setLockVersion(lock, version);
  setDocumentedVersion(folder, before, version);
  closeUnreleased(join(folder, 'CHANGELOG.md'));
  return version;
}

if (require.main === module) console.log(applyChangesets(resolve(process.argv[2] ?? ROOT)));
