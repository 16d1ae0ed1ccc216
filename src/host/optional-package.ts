import { SignedImageError } from '../error';

const NOT_FOUND: readonly unknown[] = ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'];

/**
 * Loads a package that only some users need, on first use.
 *
 * @param load `() => import('package')`, at the place of use so that its types are known there
 * @param usedFor what needs it, for the error: `keys in AWS KMS (awskms://)`
 * @throws SignedImageError `PACKAGE_MISSING` that says what to install
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
    // A package that is there and lacks one of its own is another trouble.
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
