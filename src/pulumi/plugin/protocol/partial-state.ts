import type { Properties } from './wire-value';

/**
 * A create or update that failed after it had written something. The engine keeps this state, so
 * that what is there is known, and asks for an update the next time even if nothing was changed.
 *
 * https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto (ErrorResourceInitFailed)
 */
export class PartialStateError extends Error {
  constructor(
    readonly id: string,
    readonly outputs: Properties,
    /** What went wrong. */
    readonly reason: unknown,
  ) {
    super('the resource is there in part', { cause: reason });
    this.name = 'PartialStateError';
  }
}
