import type { ErrorCode } from '../../../src/error';
import type { Scene } from './scene';

/** The operation that runs after the injection. */
export type Operation = 'verify' | 'refresh' | 'resolve' | 'sign';

/** One malicious or malformed response of a registry or service. */
export interface HostileResponse {
  readonly name: string;
  /** The signer of the existing, valid signature. Default: a key, without a log or timestamp. */
  readonly signer?: 'key' | 'logged key' | 'keyless';
  /** Default `bundle`. */
  readonly format?: 'bundle' | 'legacy' | 'both';
  /** Default `image`. */
  readonly shape?: 'image' | 'index';
  /** Formats that the policy accepts; default: that of the signature. */
  readonly policy?: 'any';
  /** Default `verify`. */
  readonly operation?: Operation;
  /** Milliseconds that the client waits for a byte. Default: a minute. */
  readonly idleTimeout?: number;
  /** Milliseconds for all requests of one operation. Default: a quarter of an hour. */
  readonly deadline?: number;
  readonly inject: (scene: Scene) => unknown;
  /** The expected codes, or `ignored`: the valid signature still verifies. */
  readonly expect: ErrorCode | readonly ErrorCode[] | 'ignored';
  /** Further assertions. */
  readonly after?: (scene: Scene) => unknown;
}
