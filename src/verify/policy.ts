import type { KeyObject } from 'node:crypto';

import type { TrustedRoot } from '@sigstore/protobuf-specs';

import type { SignatureFormat } from '../storage/signature';
import type { PublicKey } from '../key/public-key';
import type { Requirement } from './requirement/requirement';
import type { TrustedIdentity } from './trusted-identity';
import type { TrustedKey } from './trusted-key';

export type { KeyObject, TrustedIdentity };

/** The log entries and timestamps that a signature must have. */
export type Transparency =
  /** An entry in a trusted transparency log. */
  | 'log'
  /** A timestamp of a trusted authority; a log entry is verified if there is one. */
  | 'timestamp'
  /** Neither (keys only): existing ones are still verified if trust material for them is given. */
  | 'none';

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

export interface VerificationPolicy {
  /** Any of these signers is enough. Without any key or identity no signature of the image is required. */
  readonly keys: readonly PublicKey[];
  /** Keys that are trusted only for a period, even if they are also in `keys`. */
  readonly trustedKeys?: readonly TrustedKey[] | undefined;
  readonly identities: readonly TrustedIdentity[];
  /** Every pair must be signed; further pairs are allowed. */
  readonly annotations: Readonly<Record<string, string>>;
  /** `both`: each format must have a verified signature; `any`: one of them must. */
  readonly format: SignatureFormat | 'any';
  readonly transparency: Transparency;
  /** `undefined`: provenance is not verified. */
  readonly provenance: ProvenanceExpectation | undefined;
  /**
   * Predicate type (URI) of an attestation that is required in place of the signature, as `cosign verify-attestation
   * --type` requires it. Its predicate is not examined. Default: the signature is verified.
   */
  readonly predicateType?: string | undefined;
  /** Required for identities, logs and timestamps; not for keys without logs and timestamps. */
  readonly trustedRoot: TrustedRoot | undefined;
  /** For an index: whether every platform manifest must be signed too. Default: true. */
  readonly platforms: boolean;
  /** All of them must be met, beside a signature by `keys` or `identities` if any are given. */
  readonly require?: readonly Requirement[] | undefined;
}
