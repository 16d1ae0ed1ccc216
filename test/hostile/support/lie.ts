import type { ErrorCode } from '../../../src/error';
import type { Scene } from './scene';

/** What is done with the registry once it lies. */
export type Question = 'verify' | 'refresh' | 'resolve' | 'sign';

/** One thing that a registry may say and that is not so. */
export interface Lie {
  readonly name: string;
  /** How the image was signed before, in all honesty. Default: a key, no witnesses. */
  readonly signer?: 'key' | 'logged key' | 'keyless';
  /** Default `bundle`. */
  readonly format?: 'bundle' | 'legacy' | 'both';
  /** Default `image`. */
  readonly shape?: 'image' | 'index';
  /** Formats that the policy takes; default: the one that was signed in. */
  readonly policy?: 'any';
  /** Default `verify`. */
  readonly asks?: Question;
  /** Milliseconds that the client waits for a byte. Default: a minute. */
  readonly patience?: number;
  /** Milliseconds that all requests of one question may take. Default: a quarter of an hour. */
  readonly deadline?: number;
  readonly tell: (scene: Scene) => unknown;
  /** The codes that are right; or that the honest signature counts in spite of the lie. */
  readonly expect: ErrorCode | readonly ErrorCode[] | 'ignored';
  /** What must be true besides. */
  readonly after?: (scene: Scene) => unknown;
}
