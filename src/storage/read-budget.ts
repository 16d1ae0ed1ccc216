import { SignedImageError, messageOf } from '../error';
import type { Digest } from '../oci/digest';
import { backoffMs } from '../oci/shared-tag';
import type { Finding } from './candidate';
import type { Purpose } from './signature';

/**
 * The maximum number of bytes of stored signatures and attestations that are read for one manifest.
 * Otherwise any writer of the repository could exhaust the memory of all verifiers.
 */
export const MAX_READ_BYTES = 32 * 1024 * 1024;

/** The reason for an object that was not read because of {@link MAX_READ_BYTES}. */
export const OVER_BUDGET = `the signatures and attestations of the image exceed ${MAX_READ_BYTES} bytes in total, and the largest of them are not read`;

interface Sized {
  readonly size: number;
}

/**
 * Selects the objects to read: the smallest first, because signatures are small and objects that
 * crowd them out have to be large.
 */
export function withinBudget<T extends Sized>(objects: readonly T[]): ReadonlySet<T> {
  const selected = new Set<T>();
  let left = MAX_READ_BYTES;
  for (const object of [...objects].sort((a, b) => a.size - b.size)) {
    left -= object.size;
    if (left < 0) break;
    selected.add(object);
  }
  return selected;
}

/** Errors that mean invalid content; after all others the content is unknown. */
const BAD_CONTENT = new Set(['CONTENT_MISMATCH', 'CONTENT_TOO_LARGE', 'CONTENT_MALFORMED']);

/**
 * Classifies an error of reading one stored object: invalid content is unusable for good; after any
 * other error the content is unknown.
 */
export function findingOfFailure(error: unknown, stored: Digest, purpose?: Purpose): Finding {
  const reason = messageOf(error);
  if (error instanceof SignedImageError && !BAD_CONTENT.has(error.code)) {
    return { unread: { stored, reason } };
  }
  return { unusable: { stored, reason, ...(purpose && { purpose }) } };
}

/** Waits before the next read. */
export function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, Math.random)));
}
