import * as pulumi from '@pulumi/pulumi';

import type {
  KeyArgs,
  KeylessArgs,
  ProvenanceArgs,
  RegistryArgs,
  SigstoreArgs,
  SourceArgs,
} from '../component/args';
import type {
  Deletion,
  RequiredTransparency,
  SignatureFormat,
  Transparency,
} from '../component/enums';
import { token } from '../package';
import { absentIfNull, withVersion } from './resource-options';
import { guardedArguments } from '../secrecy/guarded-arguments';
import type {
  BuildSummaryOutput,
  LogEntryOutput,
  SignerOutput,
  SourceFactsOutput,
  StoredSignatureOutput,
  WrittenSignatureOutput,
} from './signature-outputs';

/** The arguments of an image signature. */
export interface ImageSignatureArgs {
  /** What to sign: `host/repo@sha256:...`. */
  image: pulumi.Input<string>;
  /** Sign with a key. Exactly one of `key` and `keyless` is required. */
  key?: pulumi.Input<KeyArgs>;
  /** Sign with an identity. Exactly one of `key` and `keyless` is required. */
  keyless?: pulumi.Input<KeylessArgs>;
  /** The Sigstore instance. */
  sigstore?: pulumi.Input<SigstoreArgs>;
  /**
   * `public`, `private` (requires `sigstore.rekorUrl`) or `none`. Default: `public` for an identity;
   * for a key, `private` if `sigstore.rekorUrl` is set, otherwise `none`.
   */
  transparency?: pulumi.Input<Transparency>;
  /** Signed annotations, in addition to the detected `commit`, `branch`, `repo` and `builder`. */
  annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Overrides of the detected source. */
  source?: pulumi.Input<SourceArgs>;
  /** SLSA provenance. */
  provenance?: pulumi.Input<ProvenanceArgs>;
  /** `bundle` (cosign 3), `legacy` (`.sig` and `.att` tags) or `both`. Default: `bundle`. */
  format?: pulumi.Input<SignatureFormat>;
  /**
   * The image reference that the signature claims in the formats `legacy` and `both`, as with `cosign sign
   * --sign-container-identity`. With a tag (`host/repo:tag`), the default policy of podman, skopeo and CRI-O accepts the
   * image. Default: `host/repo` of the image, which that policy refuses.
   */
  signedIdentity?: pulumi.Input<string>;
  /** Access to the registry. */
  registry?: pulumi.Input<RegistryArgs>;
  /** Facts about the source at the time of the build. Default: detected when the image is signed. */
  facts?: pulumi.Input<SourceFactsOutput>;
  /** What was built, for the provenance; absent for an image that was built elsewhere. */
  build?: pulumi.Input<BuildSummaryOutput>;
  /** Check the registry on every update, not only when something changed. Default: false. */
  always?: pulumi.Input<boolean>;
  /** What a delete or a replacement removes: `keep` (nothing), `signatures` or `all` (same as `signatures`). Default: `keep`. */
  deletion?: pulumi.Input<Deletion>;
  /** Paths of inputs that may become public although they are marked as secret, for example `annotations.team`. */
  nonsecret?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Signs an image, its platform manifests and their provenance, and stores the signatures in the registry. */
export class ImageSignature extends pulumi.CustomResource {
  static readonly type = token('ImageSignature');

  /** The signer. */
  declare readonly signer: pulumi.Output<SignerOutput>;
  /** All signed annotations: the detected facts and the declared ones. */
  declare readonly signedAnnotations: pulumi.Output<Record<string, string>>;
  /** The signatures in the registry, on the image and its platform manifests. */
  declare readonly signatures: pulumi.Output<StoredSignatureOutput[]>;
  /** JSON texts of the Sigstore bundles. */
  declare readonly bundles: pulumi.Output<string[]>;
  /** PEM of the certificate that signed the image; absent with a key. */
  declare readonly certificate: pulumi.Output<string | undefined>;
  /** Transparency log entries of the signatures. */
  declare readonly logEntries: pulumi.Output<LogEntryOutput[]>;
  /** JSON text of the signed provenance predicate. */
  declare readonly signedProvenance: pulumi.Output<string | undefined>;
  /** Transparency of the signatures, as the verification requires it: `log`, `timestamp` or `none`. */
  declare readonly witnessed: pulumi.Output<RequiredTransparency>;
  /** All signatures that this resource wrote, oldest first, without the ones that it reused. */
  declare readonly written: pulumi.Output<WrittenSignatureOutput[]>;

  constructor(name: string, args: ImageSignatureArgs, options?: pulumi.CustomResourceOptions) {
    super(
      ImageSignature.type,
      name,
      {
        ...guardedArguments('ImageSignature', args),
        signer: undefined,
        signedAnnotations: undefined,
        signatures: undefined,
        bundles: undefined,
        certificate: undefined,
        logEntries: undefined,
        signedProvenance: undefined,
        witnessed: undefined,
        written: undefined,
      },
      withVersion(options),
    );
    this.certificate = absentIfNull(this.certificate);
    this.signedProvenance = absentIfNull(this.signedProvenance);
  }
}
