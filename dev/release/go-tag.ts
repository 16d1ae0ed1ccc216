import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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

if (require.main === module) console.log(tagGoSdk(resolve(process.argv[2] ?? ROOT)));
