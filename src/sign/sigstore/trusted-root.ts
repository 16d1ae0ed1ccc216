import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { TUFOptions } from '@sigstore/tuf';

import { SignedImageError, asSignedImageError } from '../../error';
import type { SigningHost } from '../host';
import { parseTrustedRoot } from './trusted-root-json';

const PROPERTY = 'sigstore.trustedRoot';

export interface TrustedRootHost extends Pick<SigningHost, 'readFile'> {
  /** Where TUF's own repository and cache are; default: the public instance, the user's cache folder. */
  readonly tuf?: TUFOptions;
}

async function publicTrustedRoot(options: TUFOptions | undefined): Promise<TrustedRoot> {
  try {
    // Loaded on first use: a key without witnesses needs no trust material.
    const { getTrustedRoot } = await import('@sigstore/tuf');
    return await getTrustedRoot(options);
  } catch (error) {
    throw new SignedImageError({
      code: 'TRUSTED_ROOT_UNAVAILABLE',
      property: PROPERTY,
      message:
        "the public Sigstore instance's trusted root could not be fetched (https://tuf-repo-cdn.sigstore.dev); " +
        'give sigstore.trustedRoot a file where that cannot be reached',
      cause: error,
    });
  }
}

async function readRoot(path: string, { readFile }: TrustedRootHost): Promise<string> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new SignedImageError({
      code: 'TRUSTED_ROOT_INVALID',
      message: `the trusted root file ${path} cannot be read (${code}); give the path of a trusted_root.json or its JSON text`,
      cause: error,
    });
  }
}

/**
 * Loads trust material: JSON text (begins with `{`), a path, or, for `undefined`, the public
 * instance's through TUF.
 *
 * @throws SignedImageError on `sigstore.trustedRoot`: `TRUSTED_ROOT_INVALID`, or
 *   `TRUSTED_ROOT_UNAVAILABLE` where the public one could not be fetched
 */
export async function loadTrustedRoot(
  source: string | undefined,
  host: TrustedRootHost,
): Promise<TrustedRoot> {
  if (source === undefined) return publicTrustedRoot(host.tuf);
  try {
    const isJson = source.trimStart().startsWith('{');
    return parseTrustedRoot(isJson ? source : await readRoot(source, host));
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'TRUSTED_ROOT_INVALID',
      message: 'the trusted root cannot be read',
    }).on(PROPERTY);
  }
}
