import { SignedImageError } from '../error';
import { parseReference } from '../oci/reference';
import type { SignatureFormat } from '../storage/signature';

/** What is wrong with a declared signed identity. */
export interface SignedIdentityFault {
  readonly code: 'INPUT_INVALID' | 'REFERENCE_INVALID';
  readonly message: string;
}

/**
 * Checks `signedIdentity`: an image reference, which only the legacy format stores.
 *
 * @param format `undefined` if it is not known yet
 */
export function signedIdentityFault(
  identity: string,
  format: SignatureFormat | undefined,
): SignedIdentityFault | undefined {
  try {
    parseReference(identity);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    return { code: 'REFERENCE_INVALID', message: error.message };
  }
  if (format !== 'bundle') return undefined;
  return {
    code: 'INPUT_INVALID',
    message:
      'is not stored by the format "bundle", which identifies the image by its digest only; set `format` to "legacy" or "both", or leave it out',
  };
}
