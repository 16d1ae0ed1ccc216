import { SignedImageError, messageOf } from '../error';
import type { Digest } from '../oci/digest';
import type { Purpose } from './signature';
import type { Finding } from './candidate';

/** Errors that say that the content is bad; after all others nobody knows what the content is. */
const BAD_CONTENT = new Set(['CONTENT_MISMATCH', 'CONTENT_TOO_LARGE', 'CONTENT_MALFORMED']);

/**
 * What an error while reading one stored thing means for it: bad content is unusable for good, and
 * whatever else went wrong leaves the question open.
 */
export function findingOfFailure(error: unknown, stored: Digest, purpose?: Purpose): Finding {
  const reason = messageOf(error);
  if (error instanceof SignedImageError && !BAD_CONTENT.has(error.code)) {
    return { unread: { stored, reason } };
  }
  return { unusable: { stored, reason, ...(purpose && { purpose }) } };
}
