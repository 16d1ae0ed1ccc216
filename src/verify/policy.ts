import type { KeyObject } from 'node:crypto';

import type { SignatureFormat } from '../storage/signature';
import type { Requirement } from './requirement/requirement';
import type { Transparency, TrustPolicy } from './trust-policy';
import type { TrustedIdentity } from './trusted-identity';

export type { KeyObject, Transparency, TrustedIdentity };

/** The required content of the signed provenance. */
export interface ProvenanceExpectation {
  /** `runDetails.builder.id`; any if absent. */
  readonly builderId?: string;
  /** `buildDefinition.buildType`; any if absent. */
  readonly buildType?: string;
  /** A resolved dependency with this `gitCommit`; any if absent. */
  readonly commit?: string;
  /** Fields that `buildDefinition.externalParameters` must have, compared as JSON values. */
  readonly externalParameters?: Readonly<Record<string, unknown>>;
}

/** Without any key or identity no signature of the image is required, but only what `require` lists. */
export interface VerificationPolicy extends TrustPolicy {
  /** Every pair must be signed; further pairs are allowed. */
  readonly annotations: Readonly<Record<string, string>>;
  /** `both`: each format must have a verified signature; `any`: one of them must. */
  readonly format: SignatureFormat | 'any';
  /** `undefined`: provenance is not verified. */
  readonly provenance: ProvenanceExpectation | undefined;
  /**
   * Predicate type (URI) of an attestation that is required in place of the signature, as `cosign verify-attestation
   * --type` requires it. Its predicate is not examined. Default: the signature is verified.
   */
  readonly predicateType?: string | undefined;
  /** For an index: whether every platform manifest must be signed too. Default: true. */
  readonly platforms: boolean;
  /** All of them must be met, beside a signature by `keys` or `identities` if any are given. */
  readonly require?: readonly Requirement[] | undefined;
}
