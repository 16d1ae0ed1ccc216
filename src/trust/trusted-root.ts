import type { TrustedRoot } from '@sigstore/protobuf-specs';

import { asSignedImageError } from '../error';
import type { Host } from '../host/host';
import { loadClientTrust } from './client-trust-json';
import { readJsonSource } from './json-source';
import { type TufOptions, publicTrustedRoot } from './public-trusted-root';
import { TRUSTED_ROOT, parseTrustedRoot } from './trusted-root-json';

export interface TrustedRootHost extends Pick<Host, 'readFile'> {
  /** TUF repository and cache; default: the public instance, the user's cache folder. */
  readonly tuf?: TufOptions;
}

/** The inputs for an instance's trust material; each is a path or JSON text. */
export interface InstanceTrust {
  readonly trustedRoot?: string | undefined;
  readonly clientTrustConfig?: string | undefined;
}

async function withErrorProperty<T>(property: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'TRUSTED_ROOT_INVALID',
      message: 'the trusted root cannot be read',
    }).on(property);
  }
}

const parsed = new Map<string, TrustedRoot>();
const MAX_PARSED_ROOTS = 8;

/** Parses each content once; the file may change, and is read each time. */
function parseOnce(text: string): TrustedRoot {
  const known = parsed.get(text);
  if (known) return known;
  const root = parseTrustedRoot(text);
  if (parsed.size >= MAX_PARSED_ROOTS) parsed.clear();
  parsed.set(text, root);
  return root;
}

/**
 * Loads trust material: JSON text (begins with `{`), a path, or, for `undefined`, the public
 * instance's through TUF. The result is shared between callers and must not be modified.
 *
 * @throws SignedImageError on `sigstore.trustedRoot`: `TRUSTED_ROOT_INVALID`, or
 *   `TRUSTED_ROOT_UNAVAILABLE` if the public one cannot be fetched
 */
export async function loadTrustedRoot(
  source: string | undefined,
  host: TrustedRootHost,
): Promise<TrustedRoot> {
  return withErrorProperty('sigstore.trustedRoot', async () =>
    source === undefined
      ? publicTrustedRoot(host.tuf)
      : parseOnce(await readJsonSource(source, TRUSTED_ROOT, host)),
  );
}

/**
 * Loads the trust material of an instance from whichever input is set.
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
  return withErrorProperty('sigstore.clientTrustConfig', async () => {
    const trust = await loadClientTrust(clientTrustConfig, host);
    return trust.trustedRoot;
  });
}
