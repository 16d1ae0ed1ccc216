import { SignedImageError } from '../error';
import type { Change } from './compared-tree';

const MAX_SHOWN = 5;

/** Creates the `SOURCE_DIRTY` error with the changed paths and the remedy for each kind of change. */
export function dirtyTree(
  changes: readonly Change[],
  nested: string | undefined,
): SignedImageError {
  const hidden = changes.filter(({ kind }) => kind === 'hidden');
  const others = changes.filter(({ kind }) => kind !== 'hidden');
  const reasons = [
    ...(others.length > 0 ? [`${formatPaths(others)}; commit (or ignore) these`] : []),
    ...(changes.some(({ isLineEndings }) => isLineEndings)
      ? [
          'some of these differ in line endings only, as `core.autocrlf` writes them: commit a .gitattributes ' +
            'with the line `* text=auto eol=lf`, and check the files out again ' +
            '(`git rm -rq --cached . && git reset --hard`)',
        ]
      : []),
    ...(hidden.length > 0
      ? [
          `the build reads files that are not in the commit: ${formatPaths(hidden)}; add these to ` +
            '.dockerignore, or commit them',
        ]
      : []),
    ...(nested === undefined
      ? []
      : [
          `${JSON.stringify(nested)} is a separate repository that is not a submodule: declare ` +
            'it as `source.directory` if it is the source',
        ]),
  ];
  return new SignedImageError({
    code: 'SOURCE_DIRTY',
    property: 'source.allowDirty',
    message:
      'the work tree differs from its commit, so the commit does not identify what is built: ' +
      `${reasons.join('; ')}; or set source.allowDirty, which is then recorded`,
  });
}

function formatPaths(changes: readonly Change[]): string {
  const shown = changes.slice(0, MAX_SHOWN).map(({ path }) => JSON.stringify(path));
  const more = changes.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
