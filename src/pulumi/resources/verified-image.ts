import * as pulumi from '@pulumi/pulumi';

import type { VerifiedImageReference } from '../../verify/report';
import type { IdentityArgs, RegistryArgs, SigstoreArgs, TrustedKeyArgs } from '../component/args';
import { token } from '../package';
import { withVersion } from './resource-options';
import { guardedArguments } from '../secrecy/guarded-arguments';
import { rememberVerified } from '../verified-references';
import type { SignerOutput } from './signature-outputs';

/** What the signed provenance must say. */
export interface ProvenanceExpectationArgs {
  /** `runDetails.builder.id`. */
  builderId?: pulumi.Input<string>;
  /** `buildDefinition.buildType`. */
  buildType?: pulumi.Input<string>;
  /** A resolved dependency with this `gitCommit`. */
  commit?: pulumi.Input<string>;
  /** JSON text of an object whose members `externalParameters` must have. */
  externalParameters?: pulumi.Input<string>;
}

export interface VerifiedImageArgs {
  /** `host/repo@sha256:...`, or `host/repo:tag`: a tag is resolved once, then its digest is used. */
  image: pulumi.Input<string>;
  /** Public keys to trust: PEM text, a path or `env://NAME`. */
  keys?: pulumi.Input<pulumi.Input<string>[]>;
  /** Public keys to trust for a time; a window also counts for a key that is among `keys`. */
  trustedKeys?: pulumi.Input<pulumi.Input<TrustedKeyArgs>[]>;
  /** Keyless signers to trust. */
  identities?: pulumi.Input<pulumi.Input<IdentityArgs>[]>;
  /** Annotations that must be signed. */
  annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** `any`, `bundle`, `legacy` or `both`. Default: `any`. */
  format?: pulumi.Input<string>;
  /** `log`, `timestamp` or `none`. Default: `log` where an identity is trusted, else `none`. */
  transparency?: pulumi.Input<string>;
  /** What the provenance must say; not looked at where absent. */
  provenance?: pulumi.Input<ProvenanceExpectationArgs>;
  /** Whether every platform manifest must be signed too. Default: true. */
  platforms?: pulumi.Input<boolean>;
  sigstore?: pulumi.Input<SigstoreArgs>;
  registry?: pulumi.Input<RegistryArgs>;
  /** Verify on every update, not only when something changed. Default: false. */
  always?: pulumi.Input<boolean>;
  /** Verify again when one of these changes: digests of what was signed, for example. */
  triggers?: pulumi.Input<pulumi.Input<string>[]>;
  /** Paths of inputs that may be public although they are marked as secret, `annotations.team` for example. */
  nonsecret?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Reads an image by digest, hashes it again, and checks signature, signer, log or timestamp,
 * annotations and provenance on every platform manifest. It has a digest only if all of that holds.
 */
export class VerifiedImage extends pulumi.CustomResource {
  static readonly type = token('VerifiedImage');

  /** The verified digest. */
  declare readonly digest: pulumi.Output<string>;
  /** `host/repo@sha256:...`, verified. */
  declare readonly imageRef: pulumi.Output<VerifiedImageReference>;
  /** Who signed it. */
  declare readonly signer: pulumi.Output<SignerOutput>;
  /** All annotations that were signed. */
  declare readonly signedAnnotations: pulumi.Output<Record<string, string>>;
  /** JSON text of the verified provenance predicate, if one was asked for. */
  declare readonly verifiedProvenance: pulumi.Output<string | undefined>;
  /** JSON text of the report: what was found on each manifest. */
  declare readonly verification: pulumi.Output<string>;

  constructor(name: string, args: VerifiedImageArgs, options?: pulumi.CustomResourceOptions) {
    super(
      VerifiedImage.type,
      name,
      {
        ...guardedArguments('VerifiedImage', args),
        digest: undefined,
        imageRef: undefined,
        signer: undefined,
        signedAnnotations: undefined,
        verifiedProvenance: undefined,
        verification: undefined,
      },
      withVersion(options),
    );
    rememberVerified(this.imageRef);
  }
}
