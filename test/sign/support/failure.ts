import { SignedImageError } from '../../../src/error';

/** The error of ours that a promise rejects with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<SignedImageError> {
  const outcome = await promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  if (outcome instanceof SignedImageError) return outcome;
  throw outcome;
}

/** The same for a function. */
export function thrownBy(run: () => unknown): SignedImageError {
  try {
    run();
  } catch (error) {
    if (error instanceof SignedImageError) return error;
    throw error;
  }
  throw new Error('it did not throw');
}
