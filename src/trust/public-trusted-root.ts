import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { TUFOptions } from '@sigstore/tuf';

import { SignedImageError } from '../error';
import { causesOf } from '../http/service-call';
import { fetchTrustedRoot, PUBLIC_REPOSITORY } from './tuf-client';

export type TufOptions = TUFOptions;

const ADVICE = 'set sigstore.trustedRoot to a file if that cannot be';

function unavailable(problem: string, cause: unknown): SignedImageError {
  return new SignedImageError({
    code: 'TRUSTED_ROOT_UNAVAILABLE',
    message: `the public Sigstore instance's trusted root ${problem}`,
    cause,
  });
}

/** Errors of the file system, which the library throws when it writes its cache. */
const FILE_ERRORS = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR'];

function describe(error: unknown): SignedImageError {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== undefined && FILE_ERRORS.includes(code)) {
    return unavailable(
      `could not be cached (${code}${path === undefined ? '' : ` for ${path}`}): its cache is in the user's data folder, ` +
        `which XDG_DATA_HOME changes; ${ADVICE} written`,
      error,
    );
  }
  if (/expired/i.test(causesOf(error))) {
    return unavailable(
      `is out of date (${causesOf(error)}): ${PUBLIC_REPOSITORY} could not be reached since, or this machine's clock is wrong; ${ADVICE} reached`,
      error,
    );
  }
  return unavailable(
    `could not be fetched (${PUBLIC_REPOSITORY}: ${causesOf(error)}); ${ADVICE} reached`,
    error,
  );
}

async function fetchRoot(options: TUFOptions): Promise<TrustedRoot> {
  try {
    return await fetchTrustedRoot(options);
  } catch (error) {
    // Offline: a root that was fetched earlier may be used until it expires. https://theupdateframework.io
    const cached = await fetchTrustedRoot({ ...options, forceCache: true, retry: 0 }).catch(
      () => undefined,
    );
    if (cached) return cached;
    throw describe(error);
  }
}

const fetched = new Map<string, Promise<TrustedRoot>>();

/**
 * Fetches the public instance's trusted root through TUF, once per run: concurrent fetches would
 * write the same cache, and further images do not need another fetch.
 *
 * @throws SignedImageError `TRUSTED_ROOT_UNAVAILABLE`
 */
export function publicTrustedRoot(options: TUFOptions = {}): Promise<TrustedRoot> {
  const key = JSON.stringify(options);
  const known = fetched.get(key);
  if (known) return known;
  const fresh = fetchRoot(options).catch((error: unknown) => {
    // The next call retries.
    fetched.delete(key);
    throw error;
  });
  fetched.set(key, fresh);
  return fresh;
}

/** The services of the public Sigstore instance, run by the OpenSSF. */
export const PUBLIC_FULCIO_URL = 'https://fulcio.sigstore.dev';
export const PUBLIC_REKOR_URL = 'https://rekor.sigstore.dev';
