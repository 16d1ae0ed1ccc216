import type { TrustedRoot } from '@sigstore/protobuf-specs';

import { asSignedImageError } from '../error';
import type { Host } from '../host/host';
import { loadClientTrust } from './client-trust-json';
import { readJsonSource } from './json-source';
import { type TufOptions, publicTrustedRoot } from './public-trusted-root';
import { TRUSTED_ROOT, parseTrustedRoot } from './trusted-root-json';

export interface TrustedRootHost extends Pick<Host, 'readFile'> {
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

const parsed = new Map<string, TrustedRoot>();
const MOST_PARSED = 8;

/** Parsed once for each content: what it was read from may change, and is read each time. */
function parsedRoot(text: string): TrustedRoot {
  const known = parsed.get(text);
  if (known) return known;
  const root = parseTrustedRoot(text);
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(text, root);
  return root;
}

/**
 * Loads trust material: JSON text (begins with `{`), a path, or, for `undefined`, the public
 * instance's through TUF. It is shared by all who load the same, and not to be changed.
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
      : parsedRoot(await readJsonSource(source, TRUSTED_ROOT, host)),
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
