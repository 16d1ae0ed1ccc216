import { SignedImageError } from '../error';
import type { Change } from './compared-tree';
import type { SourceRepository } from './source-repository';

const MAX_SHOWN = 5;

/** Creates the `SOURCE_DIRTY` error with the changed paths and the remedy for each kind of change. */
export function dirtyTree(
  changes: readonly Change[],
  { nested, linked }: Pick<SourceRepository, 'nested' | 'linked'>,
): SignedImageError {
  const notInCommit = changes.filter(({ kind }) => kind === 'hidden');
  const outside = notInCommit.filter(({ path }) => path.startsWith('../'));
  const hidden = notInCommit.filter(({ path }) => !path.startsWith('../'));
  const changed = changes.filter(({ kind }) => kind === 'changed');
  const untracked = changes.filter(({ kind }) => kind === 'untracked');
  const reasons = [
    ...(changed.length > 0 ? [`${formatPaths(changed)} changed; commit or restore these`] : []),
    ...(untracked.length > 0
      ? [
          `${formatPaths(untracked)} not in the commit; commit these, remove them, or, if the build does ` +
            'not read them, add them to .gitignore',
        ]
      : []),
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
    ...(linked === true
      ? [
          'the context is outside of the repository, and a symbolic link in it leads there: declare ' +
            'that place as `source.directory` if it is in the repository that is the source',
        ]
      : []),
    ...(outside.length > 0 && linked !== true
      ? [
          `the build reads files outside of the checkout: ${formatPaths(outside)}; set \`source.directory\` to the ` +
            'checkout that these are in, or move them into this one',
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
