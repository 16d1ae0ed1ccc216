import * as pulumi from '@pulumi/pulumi';

import type { VerifiedImageReference } from '../../verify/report';
import type {
  IdentityArgs,
  RegistryArgs,
  RequirementArgs,
  SigstoreArgs,
  TrustedKeyArgs,
} from '../component/args';
import type { RequiredFormat, RequiredTransparency } from '../component/enums';
import { token } from '../package';
import { absentIfNull, withVersion } from './resource-options';
import { guardedArguments } from '../secrecy/guarded-arguments';
import { recordVerified } from '../verified-references';
import type { SignerOutput } from './signature-outputs';

/** What the signed provenance must contain. */
export interface ProvenanceExpectationArgs {
  /** Required `runDetails.builder.id`. */
  builderId?: pulumi.Input<string>;
  /** Required `buildDefinition.buildType`. */
  buildType?: pulumi.Input<string>;
  /** Required `gitCommit` of a resolved dependency. */
  commit?: pulumi.Input<string>;
  /** JSON text of an object; `externalParameters` must contain its members. */
  externalParameters?: pulumi.Input<string>;
}

/** The arguments of a verified image. */
export interface VerifiedImageArgs {
  /** `host/repo@sha256:...`, or `host/repo:tag`: a tag is resolved once, then its digest is used. */
  image: pulumi.Input<string>;
  /** Public keys to trust: PEM text, a path or `env://NAME`. */
  keys?: pulumi.Input<pulumi.Input<string>[]>;
  /** Public keys with a time window; a window also applies to the same key in `keys`. */
  trustedKeys?: pulumi.Input<pulumi.Input<TrustedKeyArgs>[]>;
  /** Keyless signers to trust. */
  identities?: pulumi.Input<pulumi.Input<IdentityArgs>[]>;
  /** Annotations that must be signed. */
  annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Required storage format: `any`, `bundle`, `legacy` or `both`. Default: `any`. */
  format?: pulumi.Input<RequiredFormat>;
  /** Required transparency: `log`, `timestamp` or `none`. Default: `log` if an identity is trusted, otherwise `none`. */
  transparency?: pulumi.Input<RequiredTransparency>;
  /** What the provenance must contain. Default: the provenance is not verified. */
  provenance?: pulumi.Input<ProvenanceExpectationArgs>;
  /** Further signatures and attestations that are required: all of them. */
  require?: pulumi.Input<pulumi.Input<RequirementArgs>[]>;
  /** Whether every platform manifest must be signed too. Default: true. */
  platforms?: pulumi.Input<boolean>;
  /** The Sigstore instance. */
  sigstore?: pulumi.Input<SigstoreArgs>;
  /** Access to the registry. */
  registry?: pulumi.Input<RegistryArgs>;
  /** Verify on every update, not only when something changed. Default: false. */
  always?: pulumi.Input<boolean>;
  /** Whether the output `proof` has what verifies the image without a network. Default: false. */
  exportProof?: pulumi.Input<boolean>;
  /** Verify again when one of these values changes, for example digests of signatures. */
  triggers?: pulumi.Input<pulumi.Input<string>[]>;
  /** Paths of inputs that may become public although they are marked as secret, for example `annotations.team`. */
  nonsecret?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Reads an image by digest, recomputes its digest, and verifies signature, signer, log entry or timestamp,
 * annotations and provenance for every platform manifest. Its digest is available only if the verification succeeds.
 */
export class VerifiedImage extends pulumi.CustomResource {
  static readonly type = token('VerifiedImage');

  /** The verified digest. */
  declare readonly digest: pulumi.Output<string>;
  /** The verified reference, `host/repo@sha256:...`. */
  declare readonly imageRef: pulumi.Output<VerifiedImageReference>;
  /** The signer of the image. */
  declare readonly signer: pulumi.Output<SignerOutput>;
  /** All signed annotations. */
  declare readonly signedAnnotations: pulumi.Output<Record<string, string>>;
  /** JSON text of the verified provenance predicate, if `provenance` is set. */
  declare readonly verifiedProvenance: pulumi.Output<string | undefined>;
  /** JSON text of the verification report, with the result for each manifest. */
  declare readonly verification: pulumi.Output<string>;
  /**
   * Base64 of a gzipped tar archive with the folder that `signed-image export` writes, without the layers of the image;
   * absent unless `exportProof` is set.
   */
  declare readonly proof: pulumi.Output<string | undefined>;

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
        proof: undefined,
      },
      withVersion(options),
    );
    this.verifiedProvenance = absentIfNull(this.verifiedProvenance);
    this.proof = absentIfNull(this.proof);
    recordVerified(this.imageRef);
  }
}
