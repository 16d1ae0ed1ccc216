import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { type Manifest, readJson, ROOT } from './manifest';

/** The version of a clone, and whether it has to be released. */
export interface Pending {
  readonly version: string;
  readonly isPending: boolean;
}

/**
 * A version is released if no changeset is left, and `origin` does not have its tag. The tag is pushed last, so that
 * a release that was interrupted is done again.
 */
export function pendingRelease(folder: string): Pending {
  const { version } = readJson<Manifest>(join(folder, 'package.json'));
  const applied = appliedInPrerelease(folder);
  const changesets = readdirSync(join(folder, '.changeset')).filter(
    (name) => name.endsWith('.md') && name !== 'README.md' && !applied.has(name),
  );
  const tags = execFileSync('git', ['ls-remote', '--tags', 'origin', `refs/tags/v${version}`], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { version, isPending: changesets.length === 0 && tags.trim() === '' };
}

/**
 * The files of the changesets that a prerelease contains: they stay until the final version.
 *
 * https://github.com/changesets/changesets/blob/main/docs/prereleases.md
 */
function appliedInPrerelease(folder: string): ReadonlySet<string> {
  const path = join(folder, '.changeset/pre.json');
  if (!existsSync(path)) return new Set();
  const { mode, changesets } = readJson<{ mode: string; changesets: readonly string[] }>(path);
  // After `changeset pre exit`, the next version applies them again.
  return new Set(mode === 'pre' ? changesets.map((name) => `${name}.md`) : []);
}

if (require.main === module) {
  const { version, isPending } = pendingRelease(resolve(process.argv[2] ?? ROOT));
  const lines = `version=${version}\npending=${String(isPending)}\n`;
  process.stdout.write(lines);
  const outputs = process.env['GITHUB_OUTPUT'];
  if (outputs !== undefined && outputs !== '') appendFileSync(outputs, lines);
}
