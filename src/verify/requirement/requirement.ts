import type { TrustPolicy } from '../trust-policy';
import type { Condition } from './condition';

/** Something that must have been signed for an image: a signature, or an attestation of one type. */
export interface Requirement {
  /** The role, for the report: unique in its policy. */
  readonly name: string;
  /** `predicateType` of the in-toto statement; `undefined` for a signature of the image. */
  readonly predicateType: string | undefined;
  /** Who may have signed it, with which log entries and timestamps. */
  readonly trust: TrustPolicy;
  /** Pairs that must be signed with it; empty: none. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly condition: Condition | undefined;
  /** In seconds; `undefined`: any age. */
  readonly maxAge: number | undefined;
  /** How many different keys and identities must have signed it. */
  readonly count: number;
}
