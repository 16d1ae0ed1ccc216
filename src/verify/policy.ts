import type { KeyObject } from 'node:crypto';

import type { TrustedRoot } from '@sigstore/protobuf-specs';

import type { SignatureFormat } from '../storage/signature';
import type { PublicKey } from '../key/public-key';
import type { TrustedKey } from './trusted-key';

export type { KeyObject };

/** A keyless signer that is trusted: both must match the certificate, exactly. */
export interface TrustedIdentity {
  /** The certificate's subject alternative name: a URI or an e-mail address. */
  readonly identity: string;
  /** The OIDC issuer in the certificate's Fulcio extension. */
  readonly issuer: string;
}

/** What witnesses a signature must carry. */
export type Transparency =
  /** An entry in a trusted transparency log. */
  | 'log'
  /** A timestamp of a trusted authority; a log entry is checked when there is one. */
  | 'timestamp'
  /** Neither (keys only): what is there is still checked if trust material for it is given. */
  | 'none';

/** What the signed provenance must say. */
export interface ProvenanceExpectation {
  /** `runDetails.builder.id`; any where absent. */
  readonly builderId?: string;
  /** `buildDefinition.buildType`; any where absent. */
  readonly buildType?: string;
  /** A resolved dependency with this `gitCommit`; any where absent. */
  readonly commit?: string;
  /** Members that `buildDefinition.externalParameters` must have, compared as JSON values. */
  readonly externalParameters?: Readonly<Record<string, unknown>>;
}

export interface VerificationPolicy {
  /** Any of these signers is enough; at least one key or identity must be given. */
  readonly keys: readonly PublicKey[];
  /** Keys that count for a time only, also where they are among `keys`. */
  readonly trustedKeys?: readonly TrustedKey[] | undefined;
  readonly identities: readonly TrustedIdentity[];
  /** Every pair must be signed; further pairs are allowed. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Each named format must hold a good signature; `any`: one of them must. */
  readonly format: SignatureFormat | 'any';
  readonly transparency: Transparency;
  /** `undefined`: provenance is not looked at. */
  readonly provenance: ProvenanceExpectation | undefined;
  /** Needed for identities, logs and timestamps; not for a plain key without witnesses. */
  readonly trustedRoot: TrustedRoot | undefined;
  /** For an index: whether every platform manifest must be signed too. Default: true. */
  readonly platforms: boolean;
}
