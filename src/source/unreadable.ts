import { SignedImageError } from '../error';

/** Creates the `SOURCE_UNREADABLE` error: the repository exists, but its files cannot be compared with a commit. */
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
      `git cannot read the repository of ${folder}${reason && ` (${reason})`}, so the files cannot be compared ` +
      `with a commit; ${remedy}, or set \`source.allowDirty\` to sign without this check`,
    cause,
  });
}
