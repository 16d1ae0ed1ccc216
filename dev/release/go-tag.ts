import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { type Manifest, readJson, ROOT } from './manifest';

/** The folder of the Go module in the repository; Go requires it as the prefix of the module's tags. */
export const GO_SDK = 'sdk/go/signedimage';

/**
 * Tags the generated Go SDK: `sdk/` is not in the history, so the tag is on a commit of its own, whose parent is
 * HEAD. Neither the branch nor the index of the clone changes.
 *
 * @returns the name of the tag
 */
export function tagGoSdk(folder: string): string {
  const { version } = readJson<Manifest>(join(folder, 'package.json'));
  assertModulePath(readFileSync(join(folder, GO_SDK, 'go.mod'), 'utf8'), version);
  const scratch = mkdtempSync(join(tmpdir(), 'go-tag-'));
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, GIT_INDEX_FILE: join(scratch, 'index') },
    }).trim();
  try {
    git('read-tree', 'HEAD');
    git('add', '--force', GO_SDK);
    const title = `Go SDK ${version}`;
    const commit = git('commit-tree', git('write-tree'), '-p', 'HEAD', '-m', title);
    const tag = `${GO_SDK}/v${version}`;
    git('tag', '--annotate', '-m', title, tag, commit);
    return tag;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/**
 * Throws if Go would not download this version: from 2.0.0 on, the path of a module ends with the major version.
 *
 * https://go.dev/ref/mod#major-version-suffixes
 */
function assertModulePath(manifest: string, version: string): void {
  const major = Number(version.split('.')[0]);
  const path = /^module (\S+)$/m.exec(manifest)?.[1] ?? '';
  const suffix = /\/v(\d+)$/.exec(path)?.[1];
  if (major < 2 ? suffix === undefined : suffix === String(major)) return;
  const expected = major < 2 ? 'have no major version' : `end with /v${major}`;
  throw new Error(
    `${GO_SDK}/go.mod: the module path ${JSON.stringify(path)} must ${expected} for version ${version}: change \`go.importBasePath\` in dev/schema/metadata.ts`,
  );
}

if (require.main === module) console.log(tagGoSdk(resolve(process.argv[2] ?? ROOT)));
