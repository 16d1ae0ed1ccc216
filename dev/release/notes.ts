import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './manifest';
import { releaseVersion } from './plugin-files';

/** The section of a version in a changelog, without its heading. */
export function notesOf(changelog: string, version: string): string {
  const start = `## ${version}\n`;
  const at = changelog.indexOf(start);
  if (at === -1) throw new Error(`CHANGELOG.md has no section "## ${version}"`);
  const rest = changelog.slice(at + start.length);
  const end = rest.search(/^## /m);
  return `${(end === -1 ? rest : rest.slice(0, end)).trim()}\n`;
}

/** `[FILE]`: without it, to standard output. */
if (require.main === module) {
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  const notes = notesOf(changelog, releaseVersion());
  const [file] = process.argv.slice(2);
  if (file === undefined) process.stdout.write(notes);
  else writeFileSync(file, notes);
}
