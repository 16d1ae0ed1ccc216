import type { TrustedRoot } from '@sigstore/protobuf-specs';

import { asSignedImageError } from '../../error';
import type { SigningHost } from '../host';
import { loadClientTrust } from './client-trust-json';
import { readJsonSource } from './json-source';
import { type TufOptions, publicTrustedRoot } from './public-trusted-root';
import { TRUSTED_ROOT, parseTrustedRoot } from './trusted-root-json';

export interface TrustedRootHost extends Pick<SigningHost, 'readFile'> {
  /** Where TUF's own repository and cache are; default: the public instance, the user's cache folder. */
  readonly tuf?: TufOptions;
}

/** Where an instance's trust material is declared; each is a path or JSON text. */
export interface InstanceTrust {
  readonly trustedRoot?: string | undefined;
  readonly clientTrustConfig?: string | undefined;
}

async function reading<T>(property: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'TRUSTED_ROOT_INVALID',
      message: 'the trusted root cannot be read',
    }).on(property);
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
  return reading('sigstore.trustedRoot', async () =>
    source === undefined
      ? publicTrustedRoot(host.tuf)
      : parseTrustedRoot(await readJsonSource(source, TRUSTED_ROOT, host)),
  );
}

/**
 * The trust material of an instance, wherever it was declared.
 *
 * @throws as `loadTrustedRoot`, and `INPUT_INVALID` or `TRUSTED_ROOT_INVALID` on
 *   `sigstore.clientTrustConfig`
 */
export async function loadInstanceRoot(
  { trustedRoot, clientTrustConfig }: InstanceTrust = {},
  host: TrustedRootHost,
): Promise<TrustedRoot> {
  if (trustedRoot !== undefined || clientTrustConfig === undefined) {
    return loadTrustedRoot(trustedRoot, host);
  }
  return reading('sigstore.clientTrustConfig', async () => {
    const trust = await loadClientTrust(clientTrustConfig, host);
    return trust.trustedRoot;
  });
}
