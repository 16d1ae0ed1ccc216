import { SignedImageError } from '../error';

const NOT_FOUND: readonly unknown[] = ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'];

/**
 * Loads an optional package on first use.
 *
 * @param load `() => import('package')`, written by the caller so that its types are known there
 * @param usedFor what needs the package, for the error: `keys in AWS KMS (awskms://)`
 * @throws SignedImageError `PACKAGE_MISSING` with the command to install it
 */
export async function optionalPackage<T>(
  name: string,
  usedFor: string,
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // An installed package with a missing dependency of its own is a different failure.
    const isMissing = NOT_FOUND.includes(code) && message.includes(name);
    throw new SignedImageError({
      code: 'PACKAGE_MISSING',
      message: isMissing
        ? `${usedFor} need the package ${name}, which is not installed; run \`npm install ${name}\` beside pulumi-signed-image`
        : `${usedFor} need the package ${name}, which cannot be loaded; install it again`,
      cause: error,
    });
  }
}
