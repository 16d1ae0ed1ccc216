import { SignedImageError } from '../error';

/** `SOURCE_UNREADABLE`: there is a repository, and whether its files are those of a commit is not known. */
export function unreadable(
  folder: string,
  reason: string,
  remedy = 'repair the checkout',
  cause?: unknown,
): SignedImageError {
  return new SignedImageError({
    code: 'SOURCE_UNREADABLE',
    property: 'source',
    message:
      `git cannot read the repository of ${folder}${reason && ` (${reason})`}, so it is not known whether ` +
      `the files are those of a commit; ${remedy}, or set \`source.allowDirty\` to sign without this check`,
    cause,
  });
}
