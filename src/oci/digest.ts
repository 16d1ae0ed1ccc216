import { createHash } from 'node:crypto';

import { SignedImageError } from '../error';

declare const digestBrand: unique symbol;

/**
 * The digest of a manifest or blob, `sha256:<64 lower-case hex digits>`. Only sha256 is supported:
 * cosign, Rekor and the SLSA subjects of images use it.
 *
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
 */
export type Digest = string & { readonly [digestBrand]: 'Digest' };

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** @throws SignedImageError `DIGEST_INVALID` */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new SignedImageError({
    code: 'DIGEST_INVALID',
    message: `${JSON.stringify(text)} is not a digest; expected "sha256:" and 64 lower-case hex digits`,
  });
}

/** Computes the digest of bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

/** Returns the 64 hex digits after `sha256:`. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
