import type { Properties } from './wire-value';

/**
 * A create or update that failed after it had written something. The engine stores this state, so
 * that the written parts are known, and runs an update the next time even if no input changed.
 *
 * https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto (ErrorResourceInitFailed)
 */
export class PartialStateError extends Error {
  constructor(
    readonly id: string,
    readonly outputs: Properties,
    /** The error. */
    readonly reason: unknown,
  ) {
    super('the resource was created in part', { cause: reason });
    this.name = 'PartialStateError';
  }
}
