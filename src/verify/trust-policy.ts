import type { TrustedRoot } from '@sigstore/protobuf-specs';

import type { PublicKey } from '../key/public-key';
import type { TrustedIdentity } from './trusted-identity';
import type { TrustedKey } from './trusted-key';

/** The log entries and timestamps that a signature must have. */
export type Transparency =
  /** An entry in a trusted transparency log. */
  | 'log'
  /** A timestamp of a trusted authority; a log entry is verified if there is one. */
  | 'timestamp'
  /** Neither (keys only): existing ones are still verified if trust material for them is given. */
  | 'none';

/** The trusted signers, and the required log entries and timestamps. */
export interface TrustPolicy {
  /** Any of these signers is enough. */
  readonly keys: readonly PublicKey[];
  /** Keys that are trusted only for a period, even if they are also in `keys`. */
  readonly trustedKeys?: readonly TrustedKey[] | undefined;
  readonly identities: readonly TrustedIdentity[];
  readonly transparency: Transparency;
  /** Required for identities, logs and timestamps; not for keys without logs and timestamps. */
  readonly trustedRoot: TrustedRoot | undefined;
}
