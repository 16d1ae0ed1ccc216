import { pauseBefore } from '../oci/shared-tag';

/** Waits before another look. */
export function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseBefore(attempt, Math.random)));
}
