import { createHash } from 'node:crypto';

import { SignedImageError } from '../error';

declare const digestBrand: unique symbol;

/**
 * The content address of a manifest or blob, `sha256:<64 lower-case hex digits>`. Only sha256 is
 * taken: it is what cosign, Rekor and the SLSA subjects of an image are addressed by.
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

/** The digest of these very bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

/** The 64 hex digits after `sha256:`. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
