import { SignedImageError, messageOf } from '../error';
import type { Digest } from '../oci/digest';
import { backoffMs } from '../oci/shared-tag';
import type { Finding } from './candidate';
import type { Purpose } from './signature';

/**
 * The most bytes of stored signatures and attestations that are read for one manifest. Anybody who
 * may write beside an image could fill the memory of all who verify it.
 */
export const MAX_READ_BYTES = 32 * 1024 * 1024;

/** What is told of a thing that was left unread for that. */
export const OVER_BUDGET = `all that is stored beside the image has more than ${MAX_READ_BYTES} bytes, and the largest of it is not read`;

interface Sized {
  readonly size: number;
}

/**
 * Those that are read: the smallest first, because a signature is small and what is to hide it has
 * to be large.
 */
export function withinBudget<T extends Sized>(things: readonly T[]): ReadonlySet<T> {
  const chosen = new Set<T>();
  let left = MAX_READ_BYTES;
  for (const thing of [...things].sort((a, b) => a.size - b.size)) {
    left -= thing.size;
    if (left < 0) break;
    chosen.add(thing);
  }
  return chosen;
}

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

/** Waits before another look. */
export function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, Math.random)));
}
